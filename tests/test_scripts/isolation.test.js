// Every test, and every request, starts with a fresh scope: nothing has to be cleaned up.
let count = 0;
const seen = [];

const counter = loadScript("counter.js", {
  source: `
    let count = 0;
    register("/count", () => ({ count: ++count }));
  `,
});

describe.each([["first"], ["second"]])("in the %s test", (name) => {
  it("module variables are as the file makes them", () => {
    count++;
    seen.push(name);
    expect(count).toBe(1);
    expect(seen).toEqual([name]);
  });
});

it("so are those of a script, in each request", async () => {
  expect((await counter.get("/count")).json).toEqual({ count: 1 });
  expect((await counter.get("/count")).json).toEqual({ count: 1 });
});

it("built-ins cannot be changed", () => {
  expect(() => { Array.prototype.first = function () {}; }).toThrow(TypeError);
  expect(() => { undeclared = 1; }).toThrow(ReferenceError);
});
