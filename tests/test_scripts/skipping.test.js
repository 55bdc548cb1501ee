// Tests that do not run are listed all the same.
describe("skipping", () => {
  it.skip("leaves a test out", () => { expect.unreachable(); });
  it.skipIf(typeof loadScript === "function")("can depend on a condition", () => { expect.unreachable(); });
  it.runIf(typeof loadScript === "function")("the other way round too", () => { expect(1).toBe(1); });
  it.todo("marks a test that is still to be written");
});

describe.skip("a suite that is left out", () => {
  it("leaves out what is in it", () => { expect.unreachable(); });
  describe("also further in", () => {
    it("has nothing that runs", () => { expect.unreachable(); });
  });
});
