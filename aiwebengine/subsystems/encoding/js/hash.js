// piece: hash
// names: hash hmac
// needs: digest text-bytes
(function (host) {
  "use strict";
  const { digest, hmacDigest, blockBytes } = host.use("digest");
  const { bytesFrom } = host.use("text-bytes");
  const { toBase64, toHex } = Uint8Array.prototype;
  const { apply } = Reflect;
  const [BadType, BadRange] = [TypeError, RangeError];

  function nameOf(algorithm, where) {
    if (typeof algorithm !== "string") throw new BadType(`${where}: algorithm must be a string`);
    const name = algorithm.toLowerCase().replace("-", "");
    if (blockBytes(name) === 0) {
      throw new BadRange(`${where}: algorithm must be md5, sha1, sha256, sha384 or sha512, not ${JSON.stringify(algorithm)}`);
    }
    return name;
  }

  function present(bytes, options, where) {
    if (options === undefined) return apply(toHex, bytes, []);
    if (options === null || typeof options !== "object") throw new BadType(`${where}: options must be an object`);
    const { as = "hex" } = options;
    if (as === "hex") return apply(toHex, bytes, []);
    if (as === "base64") return apply(toBase64, bytes, []);
    if (as === "bytes") return bytes;
    throw new BadRange(`${where}: options.as must be "hex", "base64" or "bytes"`);
  }

  function hash(algorithm, data, options) {
    const name = nameOf(algorithm, "hash");
    return present(digest(name, bytesFrom(data, "hash: data")), options, "hash");
  }

  function hmac(algorithm, key, data, options) {
    const name = nameOf(algorithm, "hmac");
    const secret = bytesFrom(key, "hmac: key");
    return present(hmacDigest(name, secret, bytesFrom(data, "hmac: data")), options, "hmac");
  }

  return { hash, hmac };
})
