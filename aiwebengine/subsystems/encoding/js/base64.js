// piece: base64
// names: base64
// needs: text-bytes
(function (host) {
  "use strict";
  const { bytesFrom, decodeUtf8 } = host.use("text-bytes");
  const { fromBase64 } = Uint8Array;
  const toBase64 = Uint8Array.prototype.toBase64;
  const { apply } = Reflect;
  const [BadType, BadRange] = [TypeError, RangeError];

  function optionsOf(options, where) {
    if (options === undefined) return {};
    if (options === null || typeof options !== "object") throw new BadType(`${where}: options must be an object`);
    return options;
  }

  // Text (as UTF-8) or bytes to base64; `urlSafe` takes - and _ for + and / and leaves the padding out.
  function encode(data, options) {
    const bytes = bytesFrom(data, "base64.encode: data");
    const { urlSafe = false, padding = !urlSafe } = optionsOf(options, "base64.encode");
    return apply(toBase64, bytes, [{ alphabet: urlSafe ? "base64url" : "base64", omitPadding: !padding }]);
  }

  // The other way; padding may be missing but not wrong. Gives text, or with {as: "bytes"} a Uint8Array.
  function decode(text, options) {
    if (typeof text !== "string") throw new BadType(`base64.decode: text must be a string, not ${typeof text}`);
    const { urlSafe = false, as = "text" } = optionsOf(options, "base64.decode");
    if (as !== "text" && as !== "bytes") throw new BadRange('base64.decode: options.as must be "text" or "bytes"');
    let bytes;
    try {
      const lastChunkHandling = text.length % 4 === 0 ? "strict" : "loose";
      bytes = fromBase64(text, { alphabet: urlSafe ? "base64url" : "base64", lastChunkHandling });
    } catch {
      throw new BadRange(`base64.decode: text is not ${urlSafe ? "URL-safe " : ""}base64`);
    }
    if (as === "bytes") return bytes;
    try {
      return decodeUtf8(bytes, true);
    } catch {
      throw new BadRange('base64.decode: text does not hold UTF-8; use {as: "bytes"}');
    }
  }

  return { base64: { encode, decode } };
})
