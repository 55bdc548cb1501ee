// piece: digest
(function (host) {
  // Private: MD5 (RFC 1321), SHA-1 and SHA-2 (FIPS 180-4), HMAC (RFC 2104), all on plain arrays of 32-bit integers:
  // QuickJS reads those faster than typed arrays.
  "use strict";
  const [Bytes, Words] = [Uint8Array, Int32Array];
  const { sin, floor } = Math;

  // The first 64 bits of the fractions of the cube roots of the first 80 primes, high and low halves;
  // the high halves are also SHA-256's constants.
  const K_HIGH = [], K_LOW = [];
  for (const pair of (
    "428a2f98d728ae22 7137449123ef65cd b5c0fbcfec4d3b2f e9b5dba58189dbbc 3956c25bf348b538 59f111f1b605d019 " +
    "923f82a4af194f9b ab1c5ed5da6d8118 d807aa98a3030242 12835b0145706fbe 243185be4ee4b28c 550c7dc3d5ffb4e2 " +
    "72be5d74f27b896f 80deb1fe3b1696b1 9bdc06a725c71235 c19bf174cf692694 e49b69c19ef14ad2 efbe4786384f25e3 " +
    "0fc19dc68b8cd5b5 240ca1cc77ac9c65 2de92c6f592b0275 4a7484aa6ea6e483 5cb0a9dcbd41fbd4 76f988da831153b5 " +
    "983e5152ee66dfab a831c66d2db43210 b00327c898fb213f bf597fc7beef0ee4 c6e00bf33da88fc2 d5a79147930aa725 " +
    "06ca6351e003826f 142929670a0e6e70 27b70a8546d22ffc 2e1b21385c26c926 4d2c6dfc5ac42aed 53380d139d95b3df " +
    "650a73548baf63de 766a0abb3c77b2a8 81c2c92e47edaee6 92722c851482353b a2bfe8a14cf10364 a81a664bbc423001 " +
    "c24b8b70d0f89791 c76c51a30654be30 d192e819d6ef5218 d69906245565a910 f40e35855771202a 106aa07032bbd1b8 " +
    "19a4c116b8d2d0c8 1e376c085141ab53 2748774cdf8eeb99 34b0bcb5e19b48a8 391c0cb3c5c95a63 4ed8aa4ae3418acb " +
    "5b9cca4f7763e373 682e6ff3d6b2b8a3 748f82ee5defb2fc 78a5636f43172f60 84c87814a1f0ab72 8cc702081a6439ec " +
    "90befffa23631e28 a4506cebde82bde9 bef9a3f7b2c67915 c67178f2e372532b ca273eceea26619c d186b8c721c0c207 " +
    "eada7dd6cde0eb1e f57d4f7fee6ed178 06f067aa72176fba 0a637dc5a2c898a6 113f9804bef90dae 1b710b35131c471b " +
    "28db77f523047d84 32caab7b40c72493 3c9ebe0a15c9bebc 431d67c49c100d4c 4cc5d4becb3e42b6 597f299cfc657e2a " +
    "5fcb6fab3ad6faec 6c44198c4a475817"
  ).split(" ")) {
    K_HIGH.push(parseInt(pair.slice(0, 8), 16) | 0);
    K_LOW.push(parseInt(pair.slice(8), 16) | 0);
  }
  const K_MD5 = [];
  for (let i = 1; i <= 64; i++) K_MD5.push(floor(4294967296 * (sin(i) < 0 ? -sin(i) : sin(i))) | 0);
  const SHIFTS_MD5 = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];

  // Each compression takes the state H, 16 words of message at `at` of M, and scratch space W.
  function md5(H, M, at) {
    let a = H[0], b = H[1], c = H[2], d = H[3];
    for (let i = 0; i < 64; i++) {
      let f, g;
      if (i < 16) { f = d ^ b & (c ^ d); g = i; }
      else if (i < 32) { f = c ^ d & (b ^ c); g = 5 * i + 1 & 15; }
      else if (i < 48) { f = b ^ c ^ d; g = 3 * i + 5 & 15; }
      else { f = c ^ (b | ~d); g = 7 * i & 15; }
      const sum = a + f + K_MD5[i] + M[at + g] | 0, shift = SHIFTS_MD5[i >> 4 << 2 | i & 3];
      a = d; d = c; c = b;
      b = b + (sum << shift | sum >>> 32 - shift) | 0;
    }
    H[0] = H[0] + a | 0; H[1] = H[1] + b | 0; H[2] = H[2] + c | 0; H[3] = H[3] + d | 0;
  }

  function sha1(H, M, at, W) {
    let a = H[0], b = H[1], c = H[2], d = H[3], e = H[4];
    for (let i = 0; i < 80; i++) {
      let word;
      if (i < 16) word = M[at + i];
      else { word = W[i - 3] ^ W[i - 8] ^ W[i - 14] ^ W[i - 16]; word = word << 1 | word >>> 31; }
      W[i] = word;
      word = word + (a << 5 | a >>> 27) + e | 0;
      if (i < 20) word = word + (d ^ b & (c ^ d)) + 0x5a827999 | 0;
      else if (i < 40) word = word + (b ^ c ^ d) + 0x6ed9eba1 | 0;
      else if (i < 60) word = word + (b & c | d & (b | c)) - 0x70e44324 | 0;
      else word = word + (b ^ c ^ d) - 0x359d3e2a | 0;
      e = d; d = c; c = b << 30 | b >>> 2; b = a; a = word;
    }
    H[0] = H[0] + a | 0; H[1] = H[1] + b | 0; H[2] = H[2] + c | 0; H[3] = H[3] + d | 0; H[4] = H[4] + e | 0;
  }

  function sha256(H, M, at, W) {
    const K = K_HIGH;
    let a = H[0], b = H[1], c = H[2], d = H[3], e = H[4], f = H[5], g = H[6], h = H[7];
    for (let i = 0; i < 64; i++) {
      let word;
      if (i < 16) word = M[at + i];
      else {
        const x = W[i - 15], y = W[i - 2];
        word = ((x >>> 7 | x << 25) ^ (x >>> 18 | x << 14) ^ x >>> 3) + W[i - 7] +
          ((y >>> 17 | y << 15) ^ (y >>> 19 | y << 13) ^ y >>> 10) + W[i - 16] | 0;
      }
      W[i] = word;
      h = h + ((e >>> 6 | e << 26) ^ (e >>> 11 | e << 21) ^ (e >>> 25 | e << 7)) + (g ^ e & (f ^ g)) + K[i] + word | 0;
      const t = h + ((a >>> 2 | a << 30) ^ (a >>> 13 | a << 19) ^ (a >>> 22 | a << 10)) + (a & b | c & (a | b)) | 0;
      word = d + h | 0;
      h = g; g = f; f = e; e = word; d = c; c = b; b = a; a = t;
    }
    H[0] = H[0] + a | 0; H[1] = H[1] + b | 0; H[2] = H[2] + c | 0; H[3] = H[3] + d | 0;
    H[4] = H[4] + e | 0; H[5] = H[5] + f | 0; H[6] = H[6] + g | 0; H[7] = H[7] + h | 0;
  }

  // 64-bit words as pairs: H[2n] high, H[2n + 1] low. The low halves are added as unsigned doubles, exact well
  // below 2 ** 53; what passes 2 ** 32 is carried.
  function sha512(H, M, at, W) {
    for (let i = 0; i < 32; i++) W[i] = M[at + i];
    for (let i = 32; i < 160; i += 2) {
      const xh = W[i - 30], xl = W[i - 29], yh = W[i - 4], yl = W[i - 3];
      const low = ((xl >>> 1 | xh << 31) ^ (xl >>> 8 | xh << 24) ^ (xl >>> 7 | xh << 25)) >>> 0;
      const low2 = ((yl >>> 19 | yh << 13) ^ (yh >>> 29 | yl << 3) ^ (yl >>> 6 | yh << 26)) >>> 0;
      const sum = low + low2 + (W[i - 13] >>> 0) + (W[i - 31] >>> 0);
      W[i] = ((xh >>> 1 | xl << 31) ^ (xh >>> 8 | xl << 24) ^ xh >>> 7) +
        ((yh >>> 19 | yl << 13) ^ (yl >>> 29 | yh << 3) ^ yh >>> 6) + W[i - 14] + W[i - 32] + floor(sum / 4294967296) | 0;
      W[i + 1] = sum | 0;
    }
    let [ah, al, bh, bl, ch, cl, dh, dl, eh, el, fh, fl, gh, gl, hh, hl] = H;
    for (let i = 0; i < 80; i++) {
      let sum = (hl >>> 0) + (((el >>> 14 | eh << 18) ^ (el >>> 18 | eh << 14) ^ (eh >>> 9 | el << 23)) >>> 0) +
        ((gl ^ el & (fl ^ gl)) >>> 0) + (K_LOW[i] >>> 0) + (W[2 * i + 1] >>> 0);
      const th = hh + ((eh >>> 14 | el << 18) ^ (eh >>> 18 | el << 14) ^ (el >>> 9 | eh << 23)) +
        (gh ^ eh & (fh ^ gh)) + K_HIGH[i] + W[2 * i] + floor(sum / 4294967296) | 0;
      const tl = sum | 0;
      sum = (tl >>> 0) + (((al >>> 28 | ah << 4) ^ (ah >>> 2 | al << 30) ^ (ah >>> 7 | al << 25)) >>> 0) +
        ((al & bl | cl & (al | bl)) >>> 0);
      const uh = th + ((ah >>> 28 | al << 4) ^ (al >>> 2 | ah << 30) ^ (al >>> 7 | ah << 25)) +
        (ah & bh | ch & (ah | bh)) + floor(sum / 4294967296) | 0;
      hh = gh; hl = gl; gh = fh; gl = fl; fh = eh; fl = el;
      const low = (dl >>> 0) + (tl >>> 0);
      eh = dh + th + (low > 4294967295 ? 1 : 0) | 0; el = low | 0;
      dh = ch; dl = cl; ch = bh; cl = bl; bh = ah; bl = al; ah = uh; al = sum | 0;
    }
    const last = [ah, al, bh, bl, ch, cl, dh, dl, eh, el, fh, fl, gh, gl, hh, hl];
    for (let i = 0; i < 16; i += 2) {
      const low = (H[i + 1] >>> 0) + (last[i + 1] >>> 0);
      H[i] = H[i] + last[i] + (low > 4294967295 ? 1 : 0) | 0;
      H[i + 1] = low | 0;
    }
  }

  const SHA1_START = [0x67452301, -0x10325477, -0x67452302, 0x10325476, -0x3c2d1e10];
  // compress, words of a block, bytes of the result, whether words are little-endian, initial state
  const ALGORITHMS = {
    __proto__: null,
    md5: [md5, 16, 16, true, SHA1_START.slice(0, 4)],
    sha1: [sha1, 16, 20, false, SHA1_START],
    sha256: [sha256, 16, 32, false, words("6a09e667bb67ae853c6ef372a54ff53a510e527f9b05688c1f83d9ab5be0cd19")],
    sha384: [sha512, 32, 48, false, words("cbbb9d5dc1059ed8629a292a367cd5079159015a3070dd17152fecd8f70e5939" +
      "67332667ffc00b318eb44a8768581511db0c2e0d64f98fa747b5481dbefa4fa4")],
    sha512: [sha512, 32, 64, false, words("6a09e667f3bcc908bb67ae8584caa73b3c6ef372fe94f82ba54ff53a5f1d36f1" +
      "510e527fade682d19b05688c2b3e6c1f1f83d9abfb41bd6b5be0cd19137e2179")],
  };

  function words(hex) {
    const list = [];
    for (let at = 0; at < hex.length; at += 8) list.push(parseInt(hex.slice(at, at + 8), 16) | 0);
    return list;
  }

  // Swaps the four bytes of every word in place.
  function swap(list) {
    for (let i = 0; i < list.length; i++) {
      const x = list[i];
      list[i] = x << 24 | (x & 0xff00) << 8 | x >>> 8 & 0xff00 | x >>> 24;
    }
  }

  // The bytes of a block in the given algorithm's block size, 0 for an unknown one.
  const blockBytes = (name) => ALGORITHMS[name] === undefined ? 0 : ALGORITHMS[name][1] * 4;

  // The digest of the concatenation of `first` (may be null) and `data`, as a new Uint8Array.
  function digest(name, data, first = null) {
    const [compress, blockWords, size, little, start] = ALGORITHMS[name];
    const lead = first === null ? 0 : first.length, length = lead + data.length;
    const block = blockWords * 4, tail = block / 8;   // the length field: 8 or 16 bytes
    const padded = new Bytes(floor((length + tail) / block + 1) * block);
    if (first !== null) padded.set(first);
    padded.set(data, lead);
    padded[length] = 0x80;
    const M = new Words(padded.buffer);
    if (!little) swap(M);
    const bits = length * 8, high = floor(length / 0x20000000);
    M[M.length - (little ? 2 : 1)] = bits | 0;
    M[M.length - (little ? 1 : 2)] = high;
    const H = start.slice(), W = [];
    for (let at = 0; at < M.length; at += blockWords) compress(H, M, at, W);
    const out = new Words(H);
    if (!little) swap(out);
    return new Bytes(out.buffer).slice(0, size);
  }

  function hmacDigest(name, key, data) {
    const block = blockBytes(name);
    const inner = new Bytes(block), outer = new Bytes(block);
    inner.set(key.length > block ? digest(name, key) : key);
    for (let i = 0; i < block; i++) { outer[i] = inner[i] ^ 0x5c; inner[i] ^= 0x36; }
    return digest(name, digest(name, data, inner), outer);
  }

  // Whether two byte arrays are equal, in a time that depends on their lengths only.
  function equalBytes(a, b) {
    let difference = a.length ^ b.length;
    for (let i = 0; i < a.length && i < b.length; i++) difference |= a[i] ^ b[i];
    return difference === 0;
  }

  return { digest, hmacDigest, blockBytes, equalBytes };
})
