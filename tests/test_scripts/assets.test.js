// Assets in tests: what a script keeps can be looked at, and is gone after the test.

const app = loadScript("../../scripts/example_scripts/gallery.js");
const send = (filename, contentType, content) =>
  app.post("/gallery", { form: { picture: { content, filename, contentType } } });

describe("the gallery", () => {
  it("keeps a picture", async () => {
    const sent = await send("<cat>.png", "image/png", "meow");
    expect(sent.status).toBe(303);
    const { assets: kept } = await assets.list({ prefix: "gallery/" });
    expect(kept.length).toBe(1);
    expect(kept[0].public).toBe(true);
    expect(kept[0].metadata).toEqual({ title: "<cat>.png" });
    expect(await (await assets.get(kept[0].name)).text()).toBe("meow");
    const page = await app.get("/gallery");
    expect(page.body).toContain("&lt;cat&gt;.png, 4 bytes");
    expect(page.body).toContain(kept[0].url);
    const gone = await app.delete("/" + kept[0].name);
    expect(gone.status).toBe(204);
    expect((await app.delete("/" + kept[0].name)).status).toBe(404);
  });

  it("refuses pages", async () => {
    expect((await send("x.html", "text/html", "<script>")).status).toBe(415);
    expect((await assets.list()).assets).toEqual([]);
  });
});

describe("each test", () => {
  it("may keep something", async () => {
    expect(await assets.stat("mine.txt")).toBe(null);
    await assets.put("mine.txt", "one");
    expect((await assets.stat("mine.txt")).size).toBe(3);
  });

  it("begins with nothing", async () => {
    expect(await assets.stat("mine.txt")).toBe(null);
    await assets.put("mine.txt", "two");
  });
});
