const list = (init) => [...new URLSearchParams(init)];

test("from strings", () => {
  equal(list("?a=1&b=2&a=3"), [
    ["a", "1"],
    ["b", "2"],
    ["a", "3"],
  ]);
  equal(list("??a"), [["?a", ""]]);
  equal(list("a+b=c%20d&&=&e=f=g"), [
    ["a b", "c d"],
    ["", ""],
    ["e", "f=g"],
  ]);
  equal(list("%zz=%&%ff=%e2%82%ac"), [
    ["%zz", "%"],
    ["\ufffd", "€"],
  ]);
  equal(list("a=%EF%BB%BFx"), [["a", "\ufeffx"]]);
  equal(list(null), [["null", ""]]);
  equal(list(undefined), []);
  equal(list(12), [["12", ""]]);
});

test("from sequences and records", () => {
  equal(
    list([
      ["a", 1],
      ["a", 2],
    ]),
    [
      ["a", "1"],
      ["a", "2"],
    ],
  );
  equal(list(new Map([["k", "v"]])), [["k", "v"]]);
  equal(list({ b: 1, a: undefined }), [
    ["b", "1"],
    ["a", "undefined"],
  ]);
  equal(list({ "\ud835x": "1", xx: "2", "\ud83dx": "3" }), [
    ["\ufffdx", "3"],
    ["xx", "2"],
  ]);
  equal(list(new URLSearchParams("x=1")), [["x", "1"]]);
  throws(TypeError, () => new URLSearchParams([["a"]]));
  throws(TypeError, () => new URLSearchParams([["a", "b", "c"]]));
  throws(TypeError, () => new URLSearchParams([1]));
  throws(TypeError, () => new URLSearchParams({ [Symbol.iterator]: 1 }));
  throws(TypeError, () => new URLSearchParams({ [Symbol("x")]: "y" }));
  throws(TypeError, () => new URLSearchParams(Symbol()));
});

test("reading", () => {
  const params = new URLSearchParams("a=1&b=2&a=3");
  same(params.size, 3);
  same(params.get("a"), "1");
  same(params.get("z"), null);
  equal(params.getAll("a"), ["1", "3"]);
  same(params.has("a", "3"), true);
  same(params.has("a", "2"), false);
  same(params.has("a", undefined), true);
  throws(TypeError, () => params.get());
});

test("writing", () => {
  const params = new URLSearchParams("a=1&b=2&a=3&c=4");
  params.set("a", "x");
  same(`${params}`, "a=x&b=2&c=4");
  params.append("a", "y");
  params.delete("a", "x");
  same(`${params}`, "b=2&c=4&a=y");
  params.delete("c");
  params.set("n", null);
  same(`${params}`, "b=2&a=y&n=null");
  throws(TypeError, () => params.append("only"));
  throws(TypeError, () => params.set("only"));
  throws(TypeError, () => params.delete());
});

test("serialization", () => {
  same(`${new URLSearchParams([["a b", "*-._~!'()é\n"]])}`, "a+b=*-._%7E%21%27%28%29%C3%A9%0A");
  same(`${new URLSearchParams({ "&=": "+%" })}`, "%26%3D=%2B%25");
  same(`${new URLSearchParams({ a: "\ud800" })}`, "a=%EF%BF%BD");
});

test("sorting is stable and by code unit", () => {
  const params = new URLSearchParams("z=b&a=b&z=a&a=a&\ufffd=1&\u{1f308}=2");
  params.sort();
  equal([...params.keys()], ["a", "a", "z", "z", "\u{1f308}", "\ufffd"]);
  equal(params.getAll("z"), ["b", "a"]);
});

test("iteration is live", () => {
  const params = new URLSearchParams("a=1&b=2&c=3");
  const seen = [];
  for (const [name] of params) {
    seen.push(name);
    if (name === "a") params.delete("b");
  }
  equal(seen, ["a", "c"]);
  const iterator = params.entries();
  equal(iterator.next(), { value: ["a", "1"], done: false });
  same(iterator[Symbol.iterator](), iterator);
  same(Object.prototype.toString.call(iterator), "[object URLSearchParams Iterator]");
  same(URLSearchParams.prototype[Symbol.iterator], URLSearchParams.prototype.entries);
  throws(TypeError, () => iterator.next.call({}));
  const collected = [];
  params.forEach(
    function (value, name, owner) {
      collected.push([name, value, owner === params, this.x]);
    },
    { x: 1 },
  );
  equal(collected, [
    ["a", "1", true, 1],
    ["c", "3", true, 1],
  ]);
  throws(TypeError, () => params.forEach());
  throws(TypeError, () => params.forEach(1));
});

test("the shape of the class", () => {
  same(URLSearchParams.length, 0);
  same(URLSearchParams.prototype.append.length, 2);
  same(URLSearchParams.prototype.has.length, 1);
  same(URLSearchParams.prototype.delete.length, 1);
  same(URLSearchParams.prototype.forEach.length, 1);
  same(URLSearchParams.prototype.keys.name, "keys");
  same(Object.getOwnPropertyDescriptor(URLSearchParams.prototype, Symbol.iterator).enumerable, false);
  same(Object.getOwnPropertyDescriptor(URLSearchParams.prototype, "size").enumerable, true);
  throws(TypeError, () => URLSearchParams.prototype.get.call({}, "a"));
});
