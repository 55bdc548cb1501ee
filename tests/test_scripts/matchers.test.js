// Every matcher once right and once wrong; `wrong` gives the message of the failure.
function wrong(assertion) {
  try { assertion(); } catch (error) {
    if (error.name !== "AssertionError") throw error;
    return error.message;
  }
  throw new Error("the assertion passed");
}

describe("equality", () => {
  it("toBe is Object.is", () => {
    expect(NaN).toBe(NaN);
    expect(wrong(() => expect(0).toBe(-0))).toBe("expected 0 to be -0");
    expect(wrong(() => expect([1]).toBe([1]))).toContain("use toEqual");
  });

  it("toEqual compares deeply and ignores undefined", () => {
    expect({ a: [1, { b: new Date(5) }], c: undefined }).toEqual({ a: [1, { b: new Date(5) }] });
    expect(new Map([["k", new Set([{ x: 1 }])]])).toEqual(new Map([["k", new Set([{ x: 1 }])]]));
    expect(/a/g).toEqual(/a/g);
    expect(new TypeError("x")).toEqual(new TypeError("x"));
    const loop = { name: "loop" };
    loop.self = loop;
    const other = { name: "loop" };
    other.self = other;
    expect(loop).toEqual(other);
    expect(wrong(() => expect({ a: 1 }).toEqual({ a: 2 }))).toBe("expected { a: 1 } to equal { a: 2 }");
    for (const [a, b] of [[[1], [1, 2]], [{ a: 1 }, { b: 1 }], [new Date(1), new Date(2)], [new Set([1]), new Set([2])],
      [new Map([[1, 2]]), new Map([[1, 3]])], [new Uint8Array([1]), new Uint8Array([2])], [[], {}], [null, {}], [/a/, /b/], [Object(1), Object(2)]]) {
      expect(a).not.toEqual(b);
    }
  });

  it("toStrictEqual also compares classes, holes and undefined", () => {
    class Point { x = 1; }
    expect(new Point()).toEqual({ x: 1 });
    expect(wrong(() => expect(new Point()).toStrictEqual({ x: 1 }))).toContain("toEqual passes");
    expect({ a: undefined }).not.toStrictEqual({});
    expect([, 1]).not.toStrictEqual([undefined, 1]);
    expect({ a: [1] }).toStrictEqual({ a: [1] });
  });

  it("toMatchObject wants a part", () => {
    expect({ a: { b: 1, c: 2 }, d: 3 }).toMatchObject({ a: { b: 1 } });
    wrong(() => expect({ a: 1 }).toMatchObject({ b: 1 }));
  });
});

describe("contents", () => {
  it("toContain, toContainEqual, toHaveLength, toHaveProperty, toMatch", () => {
    expect("hello").toContain("ell");
    expect(new Set([1, 2])).toContain(2);
    expect([{ a: 1 }]).toContainEqual({ a: 1 });
    expect([1, 2]).toHaveLength(2);
    expect({ a: { "b-c": [7] } }).toHaveProperty("a.b-c[0]", 7);
    expect({ a: 1 }).not.toHaveProperty(["a", "b"]);
    expect("v1.2").toMatch(/^v\d/);
    expect("v1.2").toMatch("1.2");
    expect(wrong(() => expect([1]).toContain(2))).toBe("expected [ 1 ] to contain 2");
    expect(wrong(() => expect("ab").toHaveLength(3))).toContain("its length is 2");
    expect(wrong(() => expect(1).toHaveLength(3))).toContain("it has no length");
    expect(wrong(() => expect({ a: 1 }).toHaveProperty("a", 2))).toContain('to have property "a" equal to 2');
    expect(() => expect(5).toContain(5)).toThrow("holds no items");
    expect(() => expect(5).toMatch("5")).toThrow("not a string");
  });

  it("toThrow by message, pattern, class and part", () => {
    const fail = () => { throw Object.assign(new RangeError("too far"), { code: 7 }); };
    expect(fail).toThrow();
    expect(fail).toThrow("far");
    expect(fail).toThrow(/^too/);
    expect(fail).toThrow(RangeError);
    expect(fail).toThrow(new Error("too far"));
    expect(fail).toThrow({ code: 7 });
    expect(() => { throw "text"; }).toThrow("text");
    expect(() => {}).not.toThrow();
    expect(wrong(() => expect(() => {}).toThrow())).toBe("expected the function to throw (it did not throw)");
    expect(wrong(() => expect(fail).toThrow(TypeError))).toBe("expected the function to throw a TypeError (it threw [RangeError: too far])");
    expect(() => expect(5).toThrow()).toThrow("must be given a function");
  });
});

describe("kinds and sizes", () => {
  it("says what a value is", () => {
    expect(1).toBeDefined();
    expect(undefined).toBeUndefined();
    expect(null).toBeNull();
    expect(NaN).toBeNaN();
    expect("x").toBeTruthy();
    expect(0).toBeFalsy();
    expect(new Date()).toBeInstanceOf(Date);
    expect(4).toSatisfy((n) => n % 2 === 0);
    expect(wrong(() => expect(0).toBeTruthy())).toBe("expected 0 to be truthy");
    expect(wrong(() => expect(null).not.toBeNull())).toBe("expected null not to be null");
  });

  it("compares numbers", () => {
    expect(0.1 + 0.2).toBeCloseTo(0.3, 10);
    expect(2).toBeGreaterThan(1);
    expect(2).toBeGreaterThanOrEqual(2);
    expect(1n).toBeLessThan(2);
    expect(1).toBeLessThanOrEqual(1);
    expect(wrong(() => expect(1).toBeCloseTo(2))).toContain("the difference is 1");
    expect(wrong(() => expect(1).toBeGreaterThan(2))).toBe("expected 1 to be > 2");
    expect(() => expect("2").toBeGreaterThan(1)).toThrow("is no number");
  });
});

describe("values that stand for many", () => {
  it("fit inside others", () => {
    expect({ id: 7, at: new Date(), tags: ["a", "b"], name: "Ada", ratio: 0.333 }).toEqual({
      id: expect.any(Number), at: expect.any(Date), tags: expect.arrayContaining(["b"]),
      name: expect.stringMatching(/^A/), ratio: expect.closeTo(1 / 3),
    });
    expect([1]).toEqual([expect.anything()]);
    expect({ a: { b: 1, c: 2 } }).toEqual({ a: expect.objectContaining({ b: 1 }) });
    expect("hello").toEqual(expect.stringContaining("ell"));
    expect(null).not.toEqual(expect.anything());
    expect(wrong(() => expect(1).toEqual(expect.any(String)))).toBe("expected 1 to equal any String");
  });
});

describe("promises", () => {
  it("are awaited by resolves and rejects", async () => {
    await expect(Promise.resolve(5)).resolves.toBe(5);
    await expect(Promise.resolve(5)).resolves.not.toBe(6);
    await expect(Promise.reject(new Error("no"))).rejects.toThrow("no");
    await expect(async () => { throw new TypeError("never"); }).rejects.toBeInstanceOf(TypeError);
    await expect(expect(Promise.resolve(1)).rejects.toThrow()).rejects.toThrow("to be rejected, it gave 1");
    await expect(expect(Promise.reject(new Error("x"))).resolves.toBe(1)).rejects.toThrow("it was rejected with [Error: x]");
    await expect(expect(5).resolves.toBe(5)).rejects.toThrow("not a promise");
  });
});

it("takes a message of one's own", () => {
  expect(wrong(() => expect(1, "the first id").toBe(2))).toBe("the first id: expected 1 to be 2");
});

it("counts assertions", () => {
  expect.assertions(2);
  expect.hasAssertions();
  expect.assertions(2);
  expect(1).toBe(1);
  expect(wrong(() => expect.unreachable("not here"))).toBe("not here");
});
