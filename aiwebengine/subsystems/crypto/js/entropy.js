// piece: entropy
(function (host) {
  // Private: a generator of random bytes for one request, ChaCha20 (RFC 8439) keyed with the request's seed.
  "use strict";
  const [Bytes, Words] = [Uint8Array, Int32Array];
  const { fromHex } = Uint8Array;
  // The columns and diagonals of the quarter rounds, four indices each.
  const ROUND = [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15, 0, 5, 10, 15, 1, 6, 11, 12, 2, 7, 8, 13, 3, 4, 9, 14];

  // Writes the key stream block of `input` (16 words) to `out`, an Int32Array, at word `at`.
  function block(input, out, at) {
    const x = input.slice();
    for (let round = 0; round < 10; round++) {
      for (let i = 0; i < 32; i += 4) {
        const p = ROUND[i], q = ROUND[i + 1], r = ROUND[i + 2], s = ROUND[i + 3];
        let a = x[p], b = x[q], c = x[r], d = x[s];
        a = a + b | 0; d ^= a; d = d << 16 | d >>> 16;
        c = c + d | 0; b ^= c; b = b << 12 | b >>> 20;
        a = a + b | 0; d ^= a; d = d << 8 | d >>> 24;
        c = c + d | 0; b ^= c; b = b << 7 | b >>> 25;
        x[p] = a; x[q] = b; x[r] = c; x[s] = d;
      }
    }
    for (let i = 0; i < 16; i++) out[at + i] = x[i] + input[i];
  }

  // `seedHex` is 32 random bytes as 64 hexadecimal digits. Gives a function of n to n fresh random bytes.
  function makeGenerator(seedHex) {
    const input = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574];
    const seed = new Words(fromHex(seedHex).buffer);
    if (seed.length !== 8) throw new TypeError("entropy: seedHex must be 32 bytes");
    for (let i = 0; i < 8; i++) input.push(seed[i]);
    input.push(0, 0, 0, 0);
    let spare = new Bytes(0);   // bytes made and not yet given
    return function next(count) {
      const out = new Bytes(count);
      let at = spare.length < count ? spare.length : count;
      out.set(spare.subarray(0, at));
      spare = spare.subarray(at);
      if (at < count) {
        const blocks = (count - at + 63) >> 6;
        const made = new Words(blocks * 16);
        for (let i = 0; i < blocks; i++) {
          block(input, made, i * 16);
          input[12] = input[12] + 1 | 0;
          if (input[12] === 0) input[13] = input[13] + 1 | 0;
        }
        const bytes = new Bytes(made.buffer);
        out.set(bytes.subarray(0, count - at), at);
        spare = bytes.slice(count - at);
      }
      return out;
    };
  }

  return { makeGenerator };
})
