// Hooks run around each test: beforeAll, beforeEach, the test, afterEach, afterAll; outer ones first, then last.
const order = [];

beforeAll(() => { order.push("outer beforeAll"); });
beforeEach(async () => {
  await null;
  order.push("outer beforeEach");
});
afterEach(() => {
  order.push("outer afterEach");
  expect(order.at(-2)).toBe("inner afterEach");
});
afterAll(() => { expect(order.at(-1)).toBe("outer afterEach"); });

describe("a suite", () => {
  beforeEach(() => { order.push("inner beforeEach"); });
  afterEach(() => { order.push("inner afterEach"); });

  it("has its hooks inside the outer ones", () => {
    expect(order).toEqual(["outer beforeAll", "outer beforeEach", "inner beforeEach"]);
  });

  it("runs all of them for each test", () => {
    expect(order).toHaveLength(3);
  });
});
