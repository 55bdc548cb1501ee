test("base64", () => {
  equal(base64.encode("é😀"), "w6nwn5iA");
  equal(base64.decode("w6nwn5iA"), "é😀");
  equal(base64.encode(new Uint8Array([251, 255])), "+/8=");
  equal(base64.encode(new Uint8Array([251, 255]).buffer), "+/8=");
  equal(base64.encode(new Uint8Array([251, 255]), { urlSafe: true }), "-_8");
  equal(base64.encode(new Uint8Array([251, 255]), { urlSafe: true, padding: true }), "-_8=");
  equal(base64.encode("a", { padding: false }), "YQ");
  equal(base64.decode("-_8", { urlSafe: true, as: "bytes" }), new Uint8Array([251, 255]));
  equal(base64.decode("YQ"), "a");
  equal(base64.decode("YQ=="), "a");
  equal(base64.decode(""), "");
});

test("base64 refuses", () => {
  for (const bad of ["a", "YQ=", "YQ===", "-_8=", "Y=Q=", "YR==", "%%%%"]) {
    throws(() => base64.decode(bad), "RangeError", "base64.decode: text");
  }
  throws(() => base64.decode("/w=="), "RangeError", "UTF-8");
  throws(() => base64.decode("YQ==", { as: "hex" }), "RangeError", "options.as");
  throws(() => base64.decode(5), "TypeError", "text");
  throws(() => base64.decode("YQ==", null), "TypeError", "options");
  for (const wrong of [undefined, null, 5, {}, []]) throws(() => base64.encode(wrong), "TypeError", "base64.encode: data");
});

test("hash and hmac", () => {
  equal(hash("md5", ""), "d41d8cd98f00b204e9800998ecf8427e");
  equal(hash("SHA-1", "abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
  equal(hash("sha256", "é"), hash("SHA-256", new TextEncoder().encode("é")));
  equal(hash("sha256", "abc", { as: "base64" }), "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
  equal(hash("md5", "abc", { as: "bytes" }).length, 16);
  equal(hash("md5", "abc", {}), "900150983cd24fb0d6963f7d28e17f72");
  // RFC 4231, test case 2
  equal(hmac("sha256", "Jefe", "what do ya want for nothing?"),
    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  equal(hmac("sha512", "k", "d", { as: "bytes" }).length, 64);
});

test("hash and hmac refuse", () => {
  for (const name of ["sha3", "", "constructor", "__proto__", "sha-512/256"]) {
    throws(() => hash(name, "x"), "RangeError", "hash: algorithm");
    throws(() => hmac(name, "x", "y"), "RangeError", "hmac: algorithm");
  }
  throws(() => hash(5, "x"), "TypeError", "algorithm");
  throws(() => hash("md5"), "TypeError", "hash: data");
  throws(() => hmac("md5", null, "x"), "TypeError", "hmac: key");
  throws(() => hmac("md5", "x", 5), "TypeError", "hmac: data");
  throws(() => hash("md5", "x", { as: "text" }), "RangeError", "options.as");
  throws(() => hash("md5", "x", "hex"), "TypeError", "options");
});

const moment = new Date("2026-02-03T04:05:06.007Z");

test("formatDate styles and zones", () => {
  equal(formatDate(moment), "2026-02-03T04:05:06.007Z");
  equal(formatDate(moment.getTime(), "iso", { timeZone: "+05:30" }), "2026-02-03T09:35:06.007+05:30");
  equal(formatDate(moment, "iso", { timeZone: "-0530" }), "2026-02-02T22:35:06.007-05:30");
  equal(formatDate(moment, "http", { timeZone: "+05:30" }), "Tue, 03 Feb 2026 04:05:06 GMT");
  equal(formatDate(moment, "date") + formatDate(moment, "time"), "2026-02-0304:05:06");
  equal(formatDate("2026-02-03", "iso", {}), "2026-02-03T00:00:00.000Z");
});

test("formatDate patterns", () => {
  equal(formatDate(moment, "yyyy yy M MM MMM MMMM d dd EEE EEEE"), "2026 26 2 02 Feb February 3 03 Tue Tuesday");
  equal(formatDate(moment, "H HH h hh a m mm s ss SSS XX XXX xx xxx"), "4 04 4 04 AM 5 05 6 06 007 Z Z +0000 +00:00");
  equal(formatDate("2026-01-01T12:00Z", "h a") + formatDate("2026-01-01T00:30Z", "hh:mm a"), "12 PM12:30 AM");
  equal(formatDate(moment, "'it''s' d. MMM '' ''''"), "it's 3. Feb ' '");
  equal(formatDate("0005-01-01", "yyyy"), "0005");
});

test("formatDate refuses", () => {
  throws(() => formatDate(new Date(NaN)), "RangeError", "formatDate: date");
  throws(() => formatDate(NaN), "RangeError", "formatDate: date");
  throws(() => formatDate(8.64e15), "RangeError", "years");
  throws(() => formatDate("soon"), "RangeError", "formatDate: date");
  for (const wrong of [undefined, null, {}, true]) throws(() => formatDate(wrong), "TypeError", "formatDate: date");
  throws(() => formatDate(0, "yyyyy"), "RangeError", "pattern");
  throws(() => formatDate(0, "'open"), "RangeError", "quote");
  throws(() => formatDate(0, 5), "TypeError", "pattern");
  for (const timeZone of ["Europe/Berlin", "+24:00", "+2", 5]) {
    throws(() => formatDate(0, "iso", { timeZone }), "RangeError", "options.timeZone");
  }
  throws(() => formatDate(0, "iso", "UTC"), "TypeError", "options");
});

test("parseDate reads ISO 8601, RFC 3339, HTTP and mail dates", () => {
  for (const [text, iso] of [
    ["2026", "2026-01-01T00:00:00.000Z"], ["2026-02", "2026-02-01T00:00:00.000Z"], ["2026-02-28", "2026-02-28T00:00:00.000Z"],
    ["2026-02-28T13:05", "2026-02-28T13:05:00.000Z"], ["2026-02-28 13:05:06,5Z", "2026-02-28T13:05:06.500Z"],
    ["2026-02-28t13:05:06.123456789z", "2026-02-28T13:05:06.123Z"], ["2026-02-28T13:05:06+0200", "2026-02-28T11:05:06.000Z"],
    ["2024-02-29T00:00:00-00:30", "2024-02-29T00:30:00.000Z"], ["0099-12-31", "0099-12-31T00:00:00.000Z"],
    ["Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37.000Z"], ["6 Nov 1994 08:49 -0500", "1994-11-06T13:49:00.000Z"],
  ]) equal(parseDate(text).toISOString(), iso, text);
  equal(parseDate("2026-02-28T13:05", undefined, { timeZone: "+01:00" }).toISOString(), "2026-02-28T12:05:00.000Z");
});

test("parseDate reads patterns", () => {
  const read = (...given) => parseDate(...given).toISOString();
  equal(read("2026-02-28 13:05:06", "yyyy-MM-dd HH:mm:ss"), "2026-02-28T13:05:06.000Z");
  equal(read("28.2.2026 13 Uhr", "d.M.yyyy H 'Uhr'", { timeZone: "+01:00" }), "2026-02-28T12:00:00.000Z");
  equal(read("Sat 28 February 2026 12:30 AM", "EEE d MMMM yyyy h:mm a"), "2026-02-28T00:30:00.000Z");
  equal(read("1:05 PM +02:00", "h:mm a xxx"), "1970-01-01T11:05:00.000Z");
  equal(read("28-02-26.007", "dd-MM-yy.SSS"), "2026-02-28T00:00:00.007Z");
  equal(read("2026-02-03T04:05:06.007+0100", "yyyy-MM-dd'T'HH:mm:ss.SSSxx"), "2026-02-03T03:05:06.007Z");
  equal(read("Tue, 03 Feb 2026 04:05:06 GMT", "http"), "2026-02-03T04:05:06.000Z");
  for (const pattern of ["iso", "http"]) {
    equal(formatDate(parseDate(formatDate(moment, pattern), pattern), pattern), formatDate(moment, pattern));
  }
});

test("parseDate refuses", () => {
  for (const text of ["", "today", "2026-02-30", "2026-13-01", "2026-00-01", "2026-01-00", "2025-02-29", "2026-01-01T24:00",
    "2026-01-01T00:60", "2026-01-01T00:00:60", "2026-01-01T00:00+25:00", "2026-1-1", " 2026-01-01", "2026-01-01\n",
    "Mon, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nvo 1994 08:49:37 GMT"]) {
    throws(() => parseDate(text), "RangeError", "parseDate: text");
  }
  throws(() => parseDate("x", "yyyy"), "RangeError", '"yyyy"');
  throws(() => parseDate("13:00 PM", "h:mm a"), "RangeError", "parseDate: text");
  throws(() => parseDate("2026x01", "yyyy.MM"), "RangeError", "parseDate: text");
  throws(() => parseDate("2026", "Q"), "RangeError", "pattern");
  throws(() => parseDate("2026", 5), "TypeError", "pattern");
  throws(() => parseDate(5), "TypeError", "parseDate: text");
  throws(() => parseDate("2026", undefined, { timeZone: "CET" }), "RangeError", "options.timeZone");
});
