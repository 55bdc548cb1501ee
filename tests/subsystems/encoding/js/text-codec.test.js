const bytes = (...list) => new Uint8Array(list);
const decode = (list, label, options) => new TextDecoder(label, options).decode(new Uint8Array(list));

test("TextEncoder encodes UTF-8 and replaces lone surrogates", () => {
  equal(new TextEncoder().encode("aé日😀"), bytes(97, 0xc3, 0xa9, 0xe6, 0x97, 0xa5, 0xf0, 0x9f, 0x98, 0x80));
  equal(new TextEncoder().encode("\ud800x\udc00"), bytes(0xef, 0xbf, 0xbd, 120, 0xef, 0xbf, 0xbd));
  equal(new TextEncoder().encode(), bytes());
  equal(new TextEncoder().encode(undefined), bytes());
  equal(new TextEncoder().encode(null), bytes(110, 117, 108, 108));
  equal(new TextEncoder().encode("a\0b"), bytes(97, 0, 98));
  equal(new TextEncoder().encoding, "utf-8");
});

test("TextEncoder handles texts longer than its chunk, cut between surrogates or not", () => {
  for (const head of ["", "x"]) {
    const text = head + "😀".repeat(70000);
    const made = new TextEncoder().encode(text);
    equal(made.length, head.length + 280000);
    ok(new TextDecoder().decode(made) === text, "the same text");
  }
});

test("encodeInto writes whole characters only", () => {
  const into = (text, room) => {
    const target = new Uint8Array(room);
    return { ...new TextEncoder().encodeInto(text, target), bytes: [...target] };
  };
  equal(into("abc", 5), { read: 3, written: 3, bytes: [97, 98, 99, 0, 0] });
  equal(into("aé", 2), { read: 1, written: 1, bytes: [97, 0] });
  equal(into("😀x", 3), { read: 0, written: 0, bytes: [0, 0, 0] });
  equal(into("😀x", 4), { read: 2, written: 4, bytes: [0xf0, 0x9f, 0x98, 0x80] });
  equal(into("日日", 5), { read: 1, written: 3, bytes: [0xe6, 0x97, 0xa5, 0, 0] });
  equal(into("abc", 0), { read: 0, written: 0, bytes: [] });
  equal(into("", 1), { read: 0, written: 0, bytes: [0] });
  equal(into("\ud800", 3), { read: 1, written: 3, bytes: [0xef, 0xbf, 0xbd] });
  throws(() => new TextEncoder().encodeInto("a"), "TypeError", "destination");
  throws(() => new TextEncoder().encodeInto("a", new Uint16Array(2)), "TypeError", "destination");
});

test("interfaces look as the standard says", () => {
  equal(Object.prototype.toString.call(new TextEncoder()), "[object TextEncoder]");
  equal(Object.prototype.toString.call(new TextDecoder()), "[object TextDecoder]");
  equal([TextEncoder.length, TextDecoder.length], [0, 0]);
  equal([TextEncoder.prototype.encode.length, TextEncoder.prototype.encodeInto.length], [0, 2]);
  equal(TextDecoder.prototype.decode.length, 0);
  ok(Object.getOwnPropertyDescriptor(TextEncoder.prototype, "encode").enumerable);
  throws(() => TextEncoder(), "TypeError");
  throws(() => TextEncoder.prototype.encode.call({}, "x"), "TypeError");
  throws(() => TextEncoder.prototype.encoding, "TypeError");
  throws(() => TextDecoder.prototype.decode.call(new TextEncoder()), "TypeError");
  throws(() => Reflect.get(TextDecoder.prototype, "fatal"), "TypeError");
});

test("labels", () => {
  for (const [label, name] of [["UTF8", "utf-8"], [" utf-8\n", "utf-8"], ["unicode", "utf-16le"], ["utf-16", "utf-16le"],
    ["unicodefffe", "utf-16be"], ["latin1", "windows-1252"], ["ASCII", "windows-1252"], ["iso-8859-1", "windows-1252"]]) {
    equal(new TextDecoder(label).encoding, name);
  }
  for (const label of ["", " ", "utf", "utf-8 utf8", "constructor", "utf-8\0", "\u00a0utf-8", "replacement"]) {
    throws(() => new TextDecoder(label), "RangeError", "label");
  }
  throws(() => new TextDecoder("utf-8", 3), "TypeError", "options");
  equal(new TextDecoder("utf-8", null).fatal, false);
  equal([new TextDecoder("utf-8", { fatal: 1 }).fatal, new TextDecoder("utf-8", { ignoreBOM: 1 }).ignoreBOM], [true, true]);
});

test("malformed UTF-8: one U+FFFD per maximal part", () => {
  for (const [list, text] of [
    [[0xff], "\ufffd"], [[0xc0, 0x80], "\ufffd\ufffd"], [[0xc1, 0xbf], "\ufffd\ufffd"],
    [[0xe0, 0x80, 0x80], "\ufffd\ufffd\ufffd"], [[0xed, 0xa0, 0x80], "\ufffd\ufffd\ufffd"],
    [[0xf0, 0x80, 0x80, 0x80], "\ufffd\ufffd\ufffd\ufffd"], [[0xf4, 0x90, 0x80, 0x80], "\ufffd\ufffd\ufffd\ufffd"],
    [[0xf5, 0x80], "\ufffd\ufffd"], [[0xf0, 0x9f, 0x98], "\ufffd"], [[0xf0, 0x9f, 0x41], "\ufffdA"],
    [[0xe2, 0x82], "\ufffd"], [[0xe2, 0x82, 0x41], "\ufffdA"], [[0xc3], "\ufffd"], [[0x80, 0x41], "\ufffdA"],
    [[0x41, 0xf0, 0x90, 0xc3, 0xa9], "A\ufffdé"], [[0xf0, 0x9f, 0x98, 0xf0, 0x9f, 0x98, 0x80], "\ufffd😀"],
  ]) {
    equal(decode(list), text);
    throws(() => decode(list, "utf-8", { fatal: true }), "TypeError", "not valid utf-8");
  }
});

test("the byte order mark", () => {
  equal(decode([0xef, 0xbb, 0xbf, 65]), "A");
  equal(decode([0xef, 0xbb, 0xbf, 65], "utf-8", { ignoreBOM: true }), "\ufeffA");
  equal(decode([0xef, 0xbb, 0xbf, 0xef, 0xbb, 0xbf]), "\ufeff");
  equal(decode([0xff, 0xfe, 65, 0], "utf-16le"), "A");
  equal(decode([0xfe, 0xff, 0, 65], "utf-16be"), "A");
  equal(decode([0xef, 0xbb, 0xbf], "latin1"), "ï»¿");
  const again = new TextDecoder();
  equal(again.decode(bytes(0xef, 0xbb, 0xbf, 65)) + again.decode(bytes(0xef, 0xbb, 0xbf, 66)), "AB");
});

test("streaming: every split of a text in three", () => {
  for (const label of ["utf-8", "utf-16le", "utf-16be"]) {
    const text = "\ufeffé日😀x";
    let list;
    if (label === "utf-8") list = [...new TextEncoder().encode(text)];
    else {
      list = [...text].join("").split("").flatMap((c) => [c.charCodeAt(0) & 255, c.charCodeAt(0) >> 8]);
      if (label === "utf-16be") for (let i = 0; i < list.length; i += 2) [list[i], list[i + 1]] = [list[i + 1], list[i]];
    }
    const whole = new Uint8Array(list), decoder = new TextDecoder(label, { fatal: true });
    for (let i = 0; i <= whole.length; i++) {
      for (let j = i; j <= whole.length; j++) {
        const parts = [whole.subarray(0, i), whole.subarray(i, j), whole.subarray(j)];
        equal(parts.map((part) => decoder.decode(part, { stream: true })).join("") + decoder.decode(), text.slice(1));
      }
    }
  }
});

test("streaming: what is unfinished at the end is an error", () => {
  const loose = new TextDecoder();
  equal(loose.decode(bytes(65, 0xe2, 0x82), { stream: true }), "A");
  equal(loose.decode(), "\ufffd");
  equal(loose.decode(bytes(66)), "B", "reset");
  const strict = new TextDecoder("utf-8", { fatal: true });
  equal(strict.decode(bytes(0xe2), { stream: true }), "");
  throws(() => strict.decode(), "TypeError");
  equal(strict.decode(bytes(66)), "B", "usable after an error");
  const malformed = new TextDecoder();
  equal(malformed.decode(bytes(0xf0, 0x41), { stream: true }), "\ufffdA");
});

test("UTF-16", () => {
  equal(decode([0x3d, 0xd8, 0x00, 0xde], "utf-16le"), "😀");
  equal(decode([0xd8, 0x3d, 0xde, 0x00], "utf-16be"), "😀");
  equal(decode([0x00, 0xd8, 0x41, 0x00], "utf-16le"), "\ufffdA");
  equal(decode([0x41], "utf-16le"), "\ufffd");
  equal(decode([0x41, 0x00, 0x42], "utf-16le"), "A\ufffd");
  equal(decode([0x3d, 0xd8, 0x00], "utf-16le"), "\ufffd");
  throws(() => decode([0x41], "utf-16le", { fatal: true }), "TypeError");
  throws(() => decode([0x00, 0xdc], "utf-16le", { fatal: true }), "TypeError");
  equal(decode(new Array(40000).fill(65), "utf-16le").length, 20000);
});

test("windows-1252", () => {
  equal(decode([0x80, 0x81, 0x9f, 0xa0, 0xe9, 0x41], "latin1"), "€\x81Ÿ\xa0éA");
});

test("inputs of decode", () => {
  const buffer = bytes(0, 104, 105, 0).buffer;
  equal(new TextDecoder().decode(new DataView(buffer, 1, 2)), "hi");
  equal(new TextDecoder().decode(new Uint8Array(buffer, 1, 2)), "hi");
  equal(new TextDecoder().decode(buffer), "\0hi\0");
  equal(new TextDecoder().decode(new Uint16Array([0x6968])), "hi");
  equal(new TextDecoder().decode(), "");
  for (const wrong of ["x", 1, null, {}, [1]]) throws(() => new TextDecoder().decode(wrong), "TypeError", "input");
});

test("large malformed input is decoded in parts without splitting characters", () => {
  const text = "日".repeat(30000), list = new Uint8Array(90001);
  list.set(new TextEncoder().encode(text));
  list[90000] = 0x80;
  ok(new TextDecoder().decode(list) === text + "\ufffd");
  ok(new TextDecoder().decode(new Uint8Array(70000).fill(0x80)) === "\ufffd".repeat(70000));
});

test("atob and btoa", () => {
  equal(btoa("\0\xff"), "AP8=");
  equal(atob(" A P 8 = "), "\0\xff");
  equal(atob("YQ"), "a");
  equal(throws(() => btoa("\u0100"), "InvalidCharacterError").code, 5);
  for (const text of ["a", "ab=", "YQ===", "Y=Q=", "YW_-", "=", "\u00a0", undefined]) {
    ok(throws(() => atob(text), "InvalidCharacterError") instanceof DOMException);
  }
  throws(() => atob(), "TypeError", "data");
  throws(() => btoa(), "TypeError", "data");
});
