const { subtle } = crypto;
const hex = (buffer) => new Uint8Array(buffer).toHex();
const text = (value) => new TextEncoder().encode(value);
const HMAC = { name: "HMAC", hash: "SHA-256" };

test("getRandomValues fills every integer typed array in place", () => {
  for (const type of [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array,
    BigInt64Array, BigUint64Array]) {
    const array = new type(8);
    ok(crypto.getRandomValues(array) === array);
    ok(array.some((n) => n != 0), type.name);
  }
  const whole = new Uint8Array(8);
  crypto.getRandomValues(whole.subarray(2, 4));
  equal([...whole.subarray(0, 2), ...whole.subarray(4)], [0, 0, 0, 0, 0, 0]);
  ok(crypto.getRandomValues(new Uint8Array(65536)).length === 65536);
});

test("getRandomValues refuses", () => {
  equal(throws(() => crypto.getRandomValues(new Uint8Array(65537)), "QuotaExceededError", "65537").code, 22);
  equal(throws(() => crypto.getRandomValues(new Uint32Array(16385)), "QuotaExceededError").code, 22);
  for (const array of [new Float32Array(1), new Float64Array(1), new Float16Array(1), new DataView(new ArrayBuffer(1))]) {
    equal(throws(() => crypto.getRandomValues(array), "TypeMismatchError", "array").code, 17);
  }
  for (const wrong of [undefined, null, [1], new ArrayBuffer(1)]) {
    throws(() => crypto.getRandomValues(wrong), "TypeError", "array");
  }
});

test("randomUUID is version 4 and new each time", () => {
  const made = new Set(Array.from({ length: 100 }, () => crypto.randomUUID()));
  equal(made.size, 100);
  for (const one of made) ok(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(one), one);
});

test("digest", async () => {
  const made = await subtle.digest("sha-256", text("abc"));
  ok(made instanceof ArrayBuffer);
  equal(hex(made), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  equal(hex(await subtle.digest({ name: "SHA-1" }, text("abc").buffer)), "a9993e364706816aba3e25717850c26c9cd0d89d");
  equal(hex(await subtle.digest("SHA-384", new DataView(new ArrayBuffer(0)))).slice(0, 16), "38b060a751ac9638");
  equal(hex(await subtle.digest("SHA-512", new Uint16Array([0x6261]))), hash("sha512", "ab"));
});

test("digest refuses by rejecting", async () => {
  for (const algorithm of ["MD5", "sha256", "", undefined, null, "constructor"]) {
    equal((await rejects(subtle.digest(algorithm, text("x")), "NotSupportedError")).code, 9);
  }
  await rejects(subtle.digest({}, text("x")), "TypeError", "algorithm.name");
  for (const wrong of ["x", undefined, null, 5, {}, [1]]) await rejects(subtle.digest("SHA-1", wrong), "TypeError", "data");
});

test("HMAC: import, sign, verify", async () => {
  const key = await subtle.importKey("raw", text("Jefe"), HMAC, false, ["verify", "sign", "sign"]);
  equal([key.type, key.extractable, key.usages], ["secret", false, ["sign", "verify"]]);
  equal(key.algorithm, { name: "HMAC", hash: { name: "SHA-256" }, length: 32 });
  const data = text("what do ya want for nothing?"), signature = await subtle.sign("HMAC", key, data);
  ok(signature instanceof ArrayBuffer);
  equal(hex(signature), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  equal(await subtle.verify({ name: "hmac" }, key, signature, data), true);
  equal(await subtle.verify("HMAC", key, signature.slice(1), data), false);
  equal(await subtle.verify("HMAC", key, signature, text("other")), false);
});

test("a key keeps what it was made of", async () => {
  const bytes = text("secret"), key = await subtle.importKey("raw", bytes, HMAC, true, ["sign"]);
  const before = hex(await subtle.sign("HMAC", key, text("x")));
  bytes.fill(0);
  key.algorithm.hash = { name: "SHA-1" };
  key.usages.push("verify");
  equal(hex(await subtle.sign("HMAC", key, text("x"))), before);
  await rejects(subtle.verify("HMAC", key, text("x"), text("x")), "InvalidAccessError", "verify");
});

test("HMAC: generate and export", async () => {
  for (const [name, length] of [["SHA-1", 512], ["SHA-256", 512], ["SHA-384", 1024], ["SHA-512", 1024]]) {
    const key = await subtle.generateKey({ name: "HMAC", hash: name }, true, ["sign", "verify"]);
    equal(key.algorithm.length, length);
    const raw = await subtle.exportKey("raw", key);
    equal(raw.byteLength * 8, length);
    const jwk = await subtle.exportKey("jwk", key);
    equal([jwk.kty, jwk.alg, jwk.key_ops, jwk.ext], ["oct", { "SHA-1": "HS1" }[name] ?? "HS" + name.slice(4), ["sign", "verify"], true]);
    const again = await subtle.importKey("jwk", jwk, { name: "HMAC", hash: name }, true, ["verify"]);
    equal(hex(await subtle.exportKey("raw", again)), hex(raw));
    ok(await subtle.verify("HMAC", again, await subtle.sign("HMAC", key, text("x")), text("x")));
  }
  equal((await subtle.exportKey("raw", await subtle.generateKey({ ...HMAC, length: 20 }, true, ["sign"]))).byteLength, 3);
});

test("importKey refuses", async () => {
  const load = (format, data, algorithm = HMAC, usages = ["sign"], extractable = true) =>
    subtle.importKey(format, data, algorithm, extractable, usages);
  await rejects(load("raw", text("")), "DataError", "empty");
  await rejects(load("raw", "text"), "TypeError", "keyData");
  await rejects(load("pkcs8", text("x")), "NotSupportedError", "format");
  await rejects(load("raw", text("x"), "AES-GCM"), "NotSupportedError", "AES-GCM");
  await rejects(load("raw", text("x"), "HMAC"), "TypeError", "algorithm.hash");
  await rejects(load("raw", text("x"), { name: "HMAC", hash: "MD5" }), "NotSupportedError", "MD5");
  await rejects(load("raw", text("x"), HMAC, []), "SyntaxError", "keyUsages");
  await rejects(load("raw", text("x"), HMAC, ["encrypt"]), "SyntaxError", "keyUsages");
  await rejects(load("raw", text("x"), HMAC, "sign"), "TypeError", "keyUsages");
  await rejects(load("raw", text("xy"), { ...HMAC, length: 8 }), "DataError", "length");
  await rejects(load("raw", text("xy"), { ...HMAC, length: 17 }), "DataError", "length");
  await rejects(load("raw", text("xy"), { ...HMAC, length: -1 }), "TypeError", "length");
  equal((await load("raw", text("xy"), { ...HMAC, length: 12 })).algorithm.length, 12);
  await rejects(load("jwk", text("x")), "TypeError", "JSON Web Key");
  const good = { kty: "oct", k: "AQID" };
  for (const [change, part] of [[{ kty: "RSA" }, "kty"], [{ k: 5 }, "k"], [{ k: "+/" }, "base64url"], [{ alg: "HS1" }, "alg"],
    [{ use: "enc" }, "use"], [{ key_ops: ["verify"] }, "key_ops"], [{ key_ops: "sign" }, "key_ops"], [{ ext: false }, "ext"]]) {
    await rejects(load("jwk", { ...good, ...change }), "DataError", part);
  }
  ok(!(await load("jwk", { ...good, ext: false, alg: "HS256", use: "sig", key_ops: ["sign"] }, HMAC, ["sign"], false)).extractable);
});

test("generateKey, exportKey, sign and verify refuse", async () => {
  await rejects(subtle.generateKey({ ...HMAC, length: 0 }, true, ["sign"]), "OperationError", "length");
  await rejects(subtle.generateKey({ ...HMAC, length: 2 ** 30 }, true, ["sign"]), "OperationError", "524288");
  await rejects(subtle.generateKey({ name: "Ed25519" }, true, ["sign"]), "NotSupportedError", "ED25519");
  const secret = await subtle.generateKey(HMAC, false, ["verify"]);
  await rejects(subtle.exportKey("raw", secret), "InvalidAccessError", "extractable");
  await rejects(subtle.exportKey("spki", secret), "NotSupportedError", "format");
  await rejects(subtle.exportKey("raw", {}), "TypeError", "CryptoKey");
  await rejects(subtle.sign("HMAC", secret, text("x")), "InvalidAccessError", "sign");
  await rejects(subtle.sign("HMAC", Object.create(secret), text("x")), "TypeError", "CryptoKey");
  await rejects(subtle.sign("RSA-PSS", secret, text("x")), "NotSupportedError", "RSA-PSS");
  await rejects(subtle.verify("HMAC", secret, "x", text("x")), "TypeError", "signature");
});

test("interfaces cannot be constructed, and say what they are", async () => {
  for (const type of [Crypto, CryptoKey, SubtleCrypto]) throws(() => new type(), "TypeError", "Illegal");
  ok(crypto instanceof Crypto && subtle instanceof SubtleCrypto && crypto.subtle === subtle);
  const key = await subtle.generateKey(HMAC, false, ["sign"]);
  throws(() => new key.constructor({}, text("x"), "SHA-1", 8, true, []), "TypeError", "Illegal");
  equal([crypto, subtle, key].map((o) => Object.prototype.toString.call(o)),
    ["[object Crypto]", "[object SubtleCrypto]", "[object CryptoKey]"]);
  throws(() => CryptoKey.prototype.type, "TypeError");
});

test("timingSafeEqual", () => {
  equal(crypto.timingSafeEqual("abc", text("abc")), true);
  equal(crypto.timingSafeEqual("abc", "abd"), false);
  equal(crypto.timingSafeEqual("abc", "ab"), false);
  equal(crypto.timingSafeEqual("", new ArrayBuffer(0)), true);
  throws(() => crypto.timingSafeEqual(undefined, "x"), "TypeError", "timingSafeEqual: a");
  throws(() => crypto.timingSafeEqual("x", 5), "TypeError", "timingSafeEqual: b");
});

test("the generator refuses a short seed", () => {
  throws(() => realm.host.use("entropy").makeGenerator("00"), "RangeError");
  throws(() => realm.host.use("entropy").makeGenerator("00".repeat(16)), "TypeError", "seedHex");
});
