// piece: crypto
// names: crypto Crypto CryptoKey SubtleCrypto
// needs: digest text-bytes entropy
(function (host) {
  // Web Cryptography: random values, digests, and HMAC keys.
  "use strict";
  const { digest, hmacDigest, blockBytes, equalBytes } = host.use("digest");
  const { bytesOf, bytesFrom } = host.use("text-bytes");
  const [Bytes, BadType, Failure] = [Uint8Array, TypeError, DOMException];
  const { fromBase64 } = Uint8Array;
  const { toBase64, toHex } = Uint8Array.prototype;
  const { apply } = Reflect;
  const { ceil } = Math;
  const { isArray } = Array;
  const { isView } = ArrayBuffer;
  const { create, defineProperty, getOwnPropertyDescriptor, getPrototypeOf } = Object;
  const typedArrayName = getOwnPropertyDescriptor(getPrototypeOf(Bytes.prototype), Symbol.toStringTag).get;
  const HASHES = { __proto__: null, "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512" };
  const JWK_NAMES = { __proto__: null, "SHA-1": "HS1", "SHA-256": "HS256", "SHA-384": "HS384", "SHA-512": "HS512" };
  const KEY = {};   // never leaves this piece, so nothing else can make keys

  const illegal = () => new BadType("Illegal constructor");

  function bufferSource(value, name) {
    const bytes = value !== null && typeof value === "object" ? bytesOf(value) : null;
    if (bytes === null) throw new BadType(`${name} must be an ArrayBuffer or a view of one`);
    return bytes;
  }

  function algorithmName(algorithm, where) {
    const name = algorithm !== null && typeof algorithm === "object" ? algorithm.name : algorithm;
    if (name === undefined && name !== algorithm) throw new BadType(`${where}: algorithm.name is required`);
    return `${name}`.toUpperCase();
  }

  function hashName(algorithm, where) {
    const name = algorithmName(algorithm, where);
    if (HASHES[name] === undefined) {
      throw new Failure(`${where}: ${name} is not one of SHA-1, SHA-256, SHA-384, SHA-512`, "NotSupportedError");
    }
    return name;
  }

  function requireHmac(algorithm, where) {
    const name = algorithmName(algorithm, where);
    if (name !== "HMAC") throw new Failure(`${where}: algorithm ${name} is not supported, only HMAC is`, "NotSupportedError");
  }

  // The parameters of HMAC for a new key: the hash's name and the length in bits, if given.
  function hmacParameters(algorithm, where) {
    requireHmac(algorithm, where);
    if (typeof algorithm !== "object" || algorithm.hash === undefined) {
      throw new BadType(`${where}: algorithm.hash is required`);
    }
    const { length } = algorithm;
    if (length !== undefined && !(length >= 0 && length <= 0xffffffff)) {
      throw new BadType(`${where}: algorithm.length must be a number of bits`);
    }
    return { hash: hashName(algorithm.hash, where), length: length === undefined ? undefined : length >>> 0 };
  }

  function usagesOf(usages, where) {
    if (!isArray(usages)) throw new BadType(`${where}: keyUsages must be an array`);
    for (const usage of usages) {
      if (usage !== "sign" && usage !== "verify") {
        throw new Failure(`${where}: keyUsages of an HMAC key are "sign" and "verify"`, "SyntaxError");
      }
    }
    if (usages.length === 0) throw new Failure(`${where}: keyUsages must not be empty`, "SyntaxError");
    return ["sign", "verify"].filter((usage) => usages.includes(usage));
  }

  let reveal;
  class CryptoKey {
    #parts; #algorithm; #usages;
    constructor(key, bytes, hash, length, extractable, usages) {
      if (key !== KEY) throw illegal();
      this.#parts = { bytes, hash, extractable, usages };
      this.#algorithm = { name: "HMAC", hash: { name: hash }, length };
      this.#usages = usages.slice();
    }
    get type() { this.#parts; return "secret"; }
    get extractable() { return this.#parts.extractable; }
    get algorithm() { return this.#algorithm; }
    get usages() { return this.#usages; }
    static {
      // What the key is, whatever its script has done to `algorithm` and `usages` since.
      reveal = (value, where) => {
        if (value === null || typeof value !== "object" || !(#parts in value)) {
          throw new BadType(`${where}: key must be a CryptoKey`);
        }
        return value.#parts;
      };
    }
  }

  function keyFor(usage, algorithm, key, where) {
    requireHmac(algorithm, where);
    const parts = reveal(key, where);
    if (!parts.usages.includes(usage)) throw new Failure(`${where}: key is not for "${usage}"`, "InvalidAccessError");
    return parts;
  }

  // The secret bytes of a JSON Web Key, checked against what the importer asked for.
  function fromJwk(jwk, hash, extractable, usages) {
    if (jwk === null || typeof jwk !== "object" || isView(jwk)) {
      throw new BadType("importKey: keyData must be a JSON Web Key object");
    }
    const bad = (what) => new Failure(`importKey: keyData.${what}`, "DataError");
    if (jwk.kty !== "oct") throw bad('kty must be "oct"');
    if (typeof jwk.k !== "string") throw bad("k must be a string");
    if (jwk.alg !== undefined && jwk.alg !== JWK_NAMES[hash]) throw bad(`alg must be "${JWK_NAMES[hash]}"`);
    if (jwk.use !== undefined && jwk.use !== "sig") throw bad('use must be "sig"');
    if (jwk.key_ops !== undefined && !(isArray(jwk.key_ops) && usages.every((usage) => jwk.key_ops.includes(usage)))) {
      throw bad("key_ops must contain the wanted keyUsages");
    }
    if (jwk.ext === false && extractable) throw bad("ext is false, so the key cannot be extractable");
    try {
      return fromBase64(jwk.k, { alphabet: "base64url" });
    } catch {
      throw bad("k must be base64url");
    }
  }

  class SubtleCrypto {
    constructor() { throw illegal(); }

    async digest(algorithm, data) {
      const name = hashName(algorithm, "digest");
      return digest(HASHES[name], bufferSource(data, "digest: data")).buffer;
    }

    async importKey(format, keyData, algorithm, extractable, keyUsages) {
      const { hash, length } = hmacParameters(algorithm, "importKey");
      const usages = usagesOf(keyUsages, "importKey");
      let bytes;
      if (format === "raw") bytes = bufferSource(keyData, "importKey: keyData").slice();
      else if (format === "jwk") bytes = fromJwk(keyData, hash, extractable, usages);
      else throw new Failure('importKey: format must be "raw" or "jwk"', "NotSupportedError");
      const bits = bytes.length * 8;
      if (bits === 0) throw new Failure("importKey: keyData is empty", "DataError");
      if (length !== undefined && (length > bits || length <= bits - 8)) {
        throw new Failure("importKey: algorithm.length does not fit keyData", "DataError");
      }
      return new CryptoKey(KEY, bytes, hash, length ?? bits, !!extractable, usages);
    }

    async exportKey(format, key) {
      const { bytes, hash, extractable, usages } = reveal(key, "exportKey");
      if (format !== "raw" && format !== "jwk") {
        throw new Failure('exportKey: format must be "raw" or "jwk"', "NotSupportedError");
      }
      if (!extractable) throw new Failure("exportKey: key is not extractable", "InvalidAccessError");
      if (format === "raw") return bytes.slice().buffer;
      const k = apply(toBase64, bytes, [{ alphabet: "base64url", omitPadding: true }]);
      return { kty: "oct", k, alg: JWK_NAMES[hash], key_ops: usages.slice(), ext: true };
    }

    async generateKey(algorithm, extractable, keyUsages) {
      const { hash, length = blockBytes(HASHES[hash]) * 8 } = hmacParameters(algorithm, "generateKey");
      const usages = usagesOf(keyUsages, "generateKey");
      if (length === 0) throw new Failure("generateKey: algorithm.length must not be 0", "OperationError");
      if (length > 524288) throw new Failure("generateKey: algorithm.length is over 524288 bits", "OperationError");
      return new CryptoKey(KEY, host.entropy(ceil(length / 8)), hash, length, !!extractable, usages);
    }

    async sign(algorithm, key, data) {
      const { bytes, hash } = keyFor("sign", algorithm, key, "sign");
      return hmacDigest(HASHES[hash], bytes, bufferSource(data, "sign: data")).buffer;
    }

    async verify(algorithm, key, signature, data) {
      const { bytes, hash } = keyFor("verify", algorithm, key, "verify");
      const given = bufferSource(signature, "verify: signature");
      return equalBytes(given, hmacDigest(HASHES[hash], bytes, bufferSource(data, "verify: data")));
    }
  }

  class Crypto {
    constructor() { throw illegal(); }
    get subtle() { return subtle; }

    getRandomValues(array) {
      if (!isView(array)) throw new BadType("getRandomValues: array must be an integer typed array");
      const kind = apply(typedArrayName, array, []);
      if (kind === undefined || kind.startsWith("Float")) {
        throw new Failure("getRandomValues: array must be an integer typed array", "TypeMismatchError");
      }
      const bytes = bytesOf(array);
      if (bytes.length > 65536) {
        throw new Failure(`getRandomValues: array has ${bytes.length} bytes, at most 65536 are given`, "QuotaExceededError");
      }
      bytes.set(host.entropy(bytes.length));
      return array;
    }

    randomUUID() {
      const bytes = host.entropy(16);
      bytes[6] = bytes[6] & 0x0f | 0x40;
      bytes[8] = bytes[8] & 0x3f | 0x80;
      const hex = apply(toHex, bytes, []);
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
    }

    // Whether two texts or byte arrays are equal, in a time that tells nothing but their lengths.
    timingSafeEqual(a, b) {
      return equalBytes(bytesFrom(a, "timingSafeEqual: a"), bytesFrom(b, "timingSafeEqual: b"));
    }
  }

  for (const type of [Crypto, CryptoKey, SubtleCrypto]) {
    defineProperty(type.prototype, Symbol.toStringTag, { value: type.name, configurable: true });
  }
  const subtle = create(SubtleCrypto.prototype);
  return { crypto: create(Crypto.prototype), Crypto, CryptoKey, SubtleCrypto, subtle };   // subtle: for the lockdown
})
