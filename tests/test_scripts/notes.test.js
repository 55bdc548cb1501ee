// A script with users: each request says who asks, and app.storage shows what is theirs.
const app = loadScript("../../scripts/example_scripts/notes.js");
const ada = { userId: "ada" }, bob = { userId: "bob" };
const put = (text, revision, auth = ada) => app.put("/notes/shopping", { json: { text, revision }, auth });

describe("notes", () => {
  beforeAll(() => app.storage.user("ada").set("note:shopping", { text: "tea", revision: 3 }));

  it("are shown to their owner only", async () => {
    expect((await app.get("/notes/shopping", { auth: ada })).json).toEqual({ text: "tea", revision: 3 });
    expect((await app.get("/notes/shopping", { auth: bob })).status).toBe(404);
    expect((await app.get("/notes", { auth: ada })).json).toEqual(["shopping"]);
    expect((await app.get("/notes", { auth: bob })).json).toEqual([]);
    expect((await app.get("/notes")).status).toBe(401);
  });

  it("are saved over the revision that was read", async () => {
    expect((await put("tea, milk", 3)).json).toEqual({ text: "tea, milk", revision: 4 });
    const stale = await put("tea, toast", 3);
    expect(stale.status).toBe(409);
    expect(stale.json.revision).toBe(4);
    expect((await put("first", undefined, bob)).status).toBe(201);
  });

  it("are saved once when two windows save at the same time", async () => {
    const statuses = (await Promise.all([put("one", 3), put("two", 3)])).map(({ status }) => status);
    expect(statuses.toSorted()).toEqual([200, 409]);
  });

  it("can be deleted", async () => {
    expect((await app.delete("/notes/shopping", { auth: ada })).status).toBe(204);
    expect((await app.delete("/notes/shopping", { auth: ada })).status).toBe(404);
    expect((await app.storage.user("ada").list()).keys).toEqual([]);
  });

  it("need a text", async () => {
    expect((await app.put("/notes/x", { json: {}, auth: ada })).status).toBe(400);
  });
});
