// Time stands still once it is set; only clock.advance() lets it pass, without waiting.
const script = loadScript("clock-under-test.js", {
  source: `
    const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    register("/now", () => ({ now: Date.now(), iso: new Date().toISOString(), day: new Date(0).getTime() }));
    register("/slow", async ({ query }) => {
      const start = Date.now();
      await sleep(Number(query.ms));
      return { waited: Date.now() - start };
    });
    register("/ticks", async () => {
      const ticks = [];
      await new Promise((resolve) => {
        const timer = setInterval(() => {
          ticks.push(Date.now());
          if (ticks.length === 3) { clearInterval(timer); resolve(); }
        }, 1000);
      });
      return ticks;
    });
    register("/race", () => Promise.race([sleep(2000).then(() => "slow"), sleep(10).then(() => "fast")]));
    register("/cleared", async () => {
      const timer = setTimeout(() => { throw new Error("must not run"); }, 5);
      clearTimeout(timer);
      await sleep(10);
      return "fine";
    });
  `,
});

it("is real until it is set", async () => {
  const before = Date.now();
  const { now } = (await script.get("/now")).json;
  expect(now).toBeGreaterThanOrEqual(before);
  expect(clock.now()).toBeGreaterThanOrEqual(now);
});

it("shows the time that was set, here and in the script", async () => {
  clock.set("2030-01-02T03:04:05Z");
  expect(new Date().getUTCFullYear()).toBe(2030);
  expect((await script.get("/now")).json).toEqual({
    now: Date.UTC(2030, 0, 2, 3, 4, 5), iso: "2030-01-02T03:04:05.000Z", day: 0,
  });
  clock.set(0);
  expect((await script.get("/now")).json.now).toBe(0);
  expect(Date()).toContain("1970");
  clock.reset();
  expect(Date.now()).toBeGreaterThan(1e12);
});

it("lets an hour pass at once", async () => {
  clock.set(1000);
  const pending = script.get("/slow", { query: { ms: 3_600_000 } });
  await clock.advance(3_600_000);
  expect((await pending).json).toEqual({ waited: 3_600_000 });
  expect(clock.now()).toBe(3_601_000);
});

it("fires timers in order, also those set by others", async () => {
  clock.set(0);
  const [ticks, race] = [script.get("/ticks"), script.get("/race")];
  await clock.advance(10_000);
  expect((await ticks).json).toEqual([1000, 2000, 3000]);
  expect((await race).body).toBe("fast");
});

it("does not fire what was cleared", async () => {
  clock.set(0);
  const pending = script.get("/cleared");
  await clock.advance(20);
  expect((await pending).body).toBe("fine");
});

it("is for timers of the test too", async () => {
  clock.set(0);
  const fired = [];
  setTimeout(() => fired.push(Date.now()), 50);
  await clock.advance(49);
  expect(fired).toEqual([]);
  await clock.advance(1);
  expect(fired).toEqual([50]);
});

it("refuses what is no time", async () => {
  expect(() => clock.set("soon")).toThrow(RangeError);
  await expect(clock.advance(-1)).rejects.toThrow(RangeError);
});
