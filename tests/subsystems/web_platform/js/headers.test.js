test("names fold, values are trimmed and combined", () => {
  const headers = new Headers({ "Content-Type": " text/plain\t", "X-A": "1" });
  headers.append("x-a", "2");
  same(headers.get("CONTENT-TYPE"), "text/plain");
  same(headers.get("x-A"), "1, 2");
  same(headers.get("none"), null);
  same(headers.has("X-a"), true);
  headers.set("X-A", "3");
  same(headers.get("x-a"), "3");
  headers.delete("x-A");
  same(headers.has("x-a"), false);
  headers.set("empty", "");
  same(headers.get("empty"), "");
});

test("initial values", () => {
  equal(
    [
      ...new Headers([
        ["b", "1"],
        ["a", "2"],
        ["b", "3"],
      ]),
    ],
    [
      ["a", "2"],
      ["b", "1, 3"],
    ],
  );
  equal([...new Headers(new Headers({ a: "1" }))], [["a", "1"]]);
  equal(
    [...new Headers({ a: 1, b: null })],
    [
      ["a", "1"],
      ["b", "null"],
    ],
  );
  equal([...new Headers(undefined)], []);
  throws(TypeError, () => new Headers(null));
  throws(TypeError, () => new Headers("a: b"));
  throws(TypeError, () => new Headers([["a"]]));
  throws(TypeError, () => new Headers([["a", "b", "c"]]));
});

test("bad names and values", () => {
  const headers = new Headers();
  for (const name of ["", "a b", "é", "a:", "a\n", "(x)", "\u0100"]) {
    throws(TypeError, () => headers.append(name, "x"), name);
    throws(TypeError, () => headers.set(name, "x"), name);
    throws(TypeError, () => headers.get(name), name);
    throws(TypeError, () => headers.has(name), name);
    throws(TypeError, () => headers.delete(name), name);
  }
  for (const value of ["a\nb", "a\rb", "a\0b", "\u0100"])
    throws(TypeError, () => headers.append("a", value), value);
  headers.append("latin", "\u00e9");
  same(headers.get("latin"), "\u00e9");
  headers.append("trim", "\r\n x \r\n");
  same(headers.get("trim"), "x");
  throws(TypeError, () => headers.append("a"));
});

test("Set-Cookie stays apart", () => {
  const headers = new Headers([
    ["set-cookie", "a=1"],
    ["x", "1"],
    ["Set-Cookie", "b=2"],
    ["a", "0"],
  ]);
  equal(headers.getSetCookie(), ["a=1", "b=2"]);
  same(headers.get("set-cookie"), "a=1, b=2");
  equal(
    [...headers],
    [
      ["a", "0"],
      ["set-cookie", "a=1"],
      ["set-cookie", "b=2"],
      ["x", "1"],
    ],
  );
  headers.set("set-cookie", "c=3");
  equal(headers.getSetCookie(), ["c=3"]);
  equal(new Headers().getSetCookie(), []);
  equal(new Headers(headers).getSetCookie(), ["c=3"]);
});

test("iteration is sorted and live", () => {
  const headers = new Headers([
    ["c", "3"],
    ["a", "1"],
  ]);
  const seen = [];
  for (const [name] of headers) {
    seen.push(name);
    if (name === "a") headers.append("b", "2");
  }
  equal(seen, ["a", "b", "c"]);
  equal([...headers.keys()], ["a", "b", "c"]);
  equal([...headers.values()], ["1", "2", "3"]);
  same(Object.prototype.toString.call(headers.keys()), "[object Headers Iterator]");
  const pairs = [];
  headers.forEach((value, name) => pairs.push(name + value));
  equal(pairs, ["a1", "b2", "c3"]);
});

test("the shape of the class, and the guard of the host's headers", () => {
  same(Headers.length, 0);
  same(Headers.prototype.append.length, 2);
  same(String(new Headers()), "[object Headers]");
  throws(TypeError, () => Headers.prototype.get.call(new Map(), "a"));
  const { listOf, makeHeaders } = piece("headers");
  const fixed = makeHeaders([["X-One", "1"]], "immutable");
  same(fixed.get("x-one"), "1");
  equal(listOf(fixed), [["x-one", "1"]]);
  throws(TypeError, () => fixed.set("a", "b"));
  throws(TypeError, () => fixed.append("a", "b"));
  throws(TypeError, () => fixed.delete("a"));
  const open = makeHeaders([["a", "1"]], "request");
  open.set("a", "2");
  same(open.get("a"), "2");
});
