// Each test has an empty storage of its own; app.storage lets it prepare and look at what its script keeps.
const source = `
  function visit() { return storage.increment("visits").then((visits) => ({ visits })); }
  async function note(request) {
    await storage.user.set("note", request.json, { ttl: 60 });
    return { status: 201, body: { saved: request.json } };
  }
  async function init() { await storage.compareAndSet("greeting", undefined, "hello"); }
  register("/visit", visit, "POST");
  register("/note", note, "POST");
  register("/note", async () => ({ note: (await storage.user.get("note")) ?? null }));
  register("/greeting", async () => (await storage.get("greeting")));
  register("/broken", async () => { await storage.set("visits", () => 1); return "kept"; });
`;
const app = loadScript("visits.js", { source });
const ada = { userId: "ada" }, bob = { userId: "bob" };

describe("a script's storage", () => {
  it("lasts from request to request", async () => {
    for (const visits of [1, 2, 3]) expect((await app.post("/visit")).json).toEqual({ visits });
    expect(await app.storage.get("visits")).toBe(3);
  });

  it("is empty again in the next test", async () => {
    expect((await app.storage.list()).keys).toEqual([]);
    expect((await app.post("/visit")).json).toEqual({ visits: 1 });
  });

  it("can be prepared, before the script is loaded too", async () => {
    await app.storage.setMany({ visits: 41, greeting: "good morning" });
    expect((await app.post("/visit")).json).toEqual({ visits: 42 });
    expect((await app.get("/greeting")).body).toBe("good morning");
  });

  it("is filled by init", async () => {
    expect((await app.get("/greeting")).body).toBe("hello");
    expect(await app.storage.getMany(["greeting", "no"])).toEqual(new Map([["greeting", "hello"]]));
    expect(await app.storage.delete("greeting")).toBe(true);
    expect(await app.storage.get("greeting")).toBeUndefined();
  });

  it("is not that of another script, nor the test's own", async () => {
    await storage.set("visits", 7);
    await loadScript("other.js", { source }).post("/visit");
    expect(await app.storage.get("visits")).toBeUndefined();
    expect(await storage.get("visits")).toBe(7);
  });

  it("says what is wrong", async () => {
    const { status, json } = await app.get("/broken");
    expect(status).toBe(500);
    expect(json.error.message).toBe("TypeError: storage.set: value must be JSON, but it is a function");
    await expect(app.storage.get("")).rejects.toThrow("storage.get: key must be a non-empty string");
  });
});

describe("a user's storage", () => {
  it("is that user's own", async () => {
    expect((await app.post("/note", { json: "buy milk", auth: ada })).status).toBe(201);
    expect((await app.get("/note", { auth: ada })).json).toEqual({ note: "buy milk" });
    expect((await app.get("/note", { auth: bob })).json).toEqual({ note: null });
    expect(await app.storage.user("ada").get("note")).toBe("buy milk");
    expect((await app.storage.user("bob").list()).keys).toEqual([]);
    expect((await app.storage.list()).keys).toEqual(["greeting"]);
  });

  it("takes a sign-in", async () => {
    expect((await app.get("/note")).status).toBe(401);
    await expect(storage.user.get("note")).rejects.toMatchObject({ name: "AuthenticationError", status: 401 });
    expect(() => app.storage.user("")).toThrow(TypeError);
  });

  it("forgets when the time to live is over", async () => {
    clock.set("2030-01-01T12:00:00Z");
    await app.post("/note", { json: 1, auth: ada });
    await clock.advance(59_999);
    expect((await app.get("/note", { auth: ada })).json).toEqual({ note: 1 });
    await clock.advance(1);
    expect((await app.get("/note", { auth: ada })).json).toEqual({ note: null });
  });
});

describe("beforeAll", () => {
  let made;
  beforeAll(async () => {
    made = await storage.increment("runs of beforeAll");
    await app.storage.set("visits", 10);
  });
  beforeEach(() => storage.increment("runs of beforeEach"));
  afterAll(async () => { expect(await storage.get("runs of beforeAll")).toBe(1); });

  it.each([["one"], ["another"]])("has run once for %s test, which starts from what it left", async () => {
    expect(made).toBe(1);
    expect(await storage.get("runs of beforeEach")).toBe(1);
    expect((await app.post("/visit")).json).toEqual({ visits: 11 });
  });

  describe("in a suite further in", () => {
    beforeAll(() => app.post("/visit"));
    it("adds to the outer one's, once", async () => {
      expect(await app.storage.get("visits")).toBe(11);
      expect(await storage.get("runs of beforeAll")).toBe(1);
    });
  });
});
