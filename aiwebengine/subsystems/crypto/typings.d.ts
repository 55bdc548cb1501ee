// Web Cryptography: random values, digests, HMAC keys.

type CryptoHashName = "SHA-1" | "SHA-256" | "SHA-384" | "SHA-512";
type CryptoHash = CryptoHashName | { name: CryptoHashName };
interface HmacParams {
  name: "HMAC";
  hash: CryptoHash;
  /** Length of the key in bits. */
  length?: number;
}
interface JsonWebKey {
  kty?: string;
  k?: string;
  alg?: string;
  use?: string;
  key_ops?: string[];
  ext?: boolean;
}
type CryptoKeyUsage = "sign" | "verify";

interface CryptoKey {
  readonly type: "secret";
  readonly extractable: boolean;
  readonly algorithm: { name: "HMAC"; hash: { name: CryptoHashName }; length: number };
  readonly usages: CryptoKeyUsage[];
}
declare var CryptoKey: { prototype: CryptoKey };

interface SubtleCrypto {
  digest(algorithm: CryptoHash, data: ArrayBuffer | ArrayBufferView): Promise<ArrayBuffer>;
  importKey(
    format: "raw", keyData: ArrayBuffer | ArrayBufferView, algorithm: HmacParams, extractable: boolean,
    keyUsages: readonly CryptoKeyUsage[]): Promise<CryptoKey>;
  importKey(
    format: "jwk", keyData: JsonWebKey, algorithm: HmacParams, extractable: boolean,
    keyUsages: readonly CryptoKeyUsage[]): Promise<CryptoKey>;
  exportKey(format: "raw", key: CryptoKey): Promise<ArrayBuffer>;
  exportKey(format: "jwk", key: CryptoKey): Promise<JsonWebKey>;
  generateKey(algorithm: HmacParams, extractable: boolean, keyUsages: readonly CryptoKeyUsage[]): Promise<CryptoKey>;
  sign(algorithm: "HMAC" | { name: "HMAC" }, key: CryptoKey, data: ArrayBuffer | ArrayBufferView): Promise<ArrayBuffer>;
  verify(
    algorithm: "HMAC" | { name: "HMAC" }, key: CryptoKey, signature: ArrayBuffer | ArrayBufferView,
    data: ArrayBuffer | ArrayBufferView): Promise<boolean>;
}
declare var SubtleCrypto: { prototype: SubtleCrypto };

interface Crypto {
  readonly subtle: SubtleCrypto;
  /** Fills an integer typed array of at most 65536 bytes with random values and gives it back. */
  getRandomValues<
    T extends Int8Array | Uint8Array | Uint8ClampedArray | Int16Array | Uint16Array | Int32Array | Uint32Array |
      BigInt64Array | BigUint64Array>(array: T): T;
  /** A random (version 4) UUID. */
  randomUUID(): `${string}-${string}-${string}-${string}-${string}`;
  /** Whether two texts or byte arrays are equal, in a time that tells nothing but their lengths. */
  timingSafeEqual(a: string | ArrayBuffer | ArrayBufferView, b: string | ArrayBuffer | ArrayBufferView): boolean;
}
declare var Crypto: { prototype: Crypto };
declare const crypto: Crypto;
