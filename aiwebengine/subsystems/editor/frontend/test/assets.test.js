import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { Assets, folder, isText, languageOf, lookOf, readText, typeOf, wrongAssetName } from "../src/model/assets.js";
import { Bus } from "../src/model/bus.js";
import { OpenAsset } from "../src/model/documents.js";

const RECORD = { name: "css/site.css", content_type: "text/css", size: 3, sha256: "abc", public: true, url: "/css/site.css", metadata: {} };

let asked;
let answers;
let told;
let assets;

/** An engine that gives prepared answers and keeps what it was asked. */
async function engine(path, { method, headers, body }) {
  asked.push({ method, path, headers, body });
  const { status = 200, json, text = "", tag } = answers.shift();
  return new Response(status === 204 ? null : json ? JSON.stringify(json) : text, { status, headers: tag ? { ETag: tag } : {} });
}

beforeEach(() => {
  asked = [];
  answers = [];
  told = 0;
  globalThis.fetch = engine;
  globalThis.sessionStorage = { getItem: () => "key" };
  const bus = new Bus();
  bus.on("assets", () => told++);
  assets = new Assets(bus);
});

afterEach(() => {
  delete globalThis.fetch;
  delete globalThis.sessionStorage;
});

test("a list is asked for by prefix and page", async () => {
  answers.push({ json: { assets: [RECORD], next: "css/site.css" } });
  assert.equal((await assets.list({ prefix: "css/", after: "css/a&b.css" })).next, "css/site.css");
  assert.equal(asked[0].path, "/engine/assets?limit=100&prefix=css%2F&after=css%2Fa%26b.css");
  assert.equal(asked[0].headers.Authorization, "Bearer key");
});

test("a name is one segment of the path", async () => {
  answers.push({ text: "a{}", tag: '"abc"' });
  assert.deepEqual(await assets.read("css/ä b.css"), { bytes: new TextEncoder().encode("a{}"), sha256: "abc" });
  assert.equal(asked[0].path, "/engine/assets/css%2F%C3%A4%20b.css");
});

test("a change names the content it is made over, and is told of", async () => {
  answers.push({ json: RECORD }, { status: 201, json: RECORD }, { json: RECORD }, { status: 204 });
  await assets.write("a.css", "b{}", { type: "text/css", over: "abc" });
  await assets.write("a.css", "b{}", { type: "text/css", open: false });
  await assets.change(RECORD, { public: false });
  await assets.remove(RECORD);
  assert.deepEqual(
    asked.map(({ method, path, headers }) => [method, path, headers["If-Match"] ?? headers["If-None-Match"]]),
    [
      ["PUT", "/engine/assets/a.css", '"abc"'],
      ["PUT", "/engine/assets/a.css?public=false", "*"],
      ["PATCH", "/engine/assets/css%2Fsite.css", '"abc"'],
      ["DELETE", "/engine/assets/css%2Fsite.css", '"abc"'],
    ],
  );
  assert.equal(asked[2].body, '{"public":false}');
  assert.equal(told, 4);
});

test("a refused change is an error and no news", async () => {
  answers.push({ status: 412, json: { error: { code: "PRECONDITION_FAILED", message: "changed" } } });
  await assert.rejects(assets.write("a.css", "b{}", { over: "old" }), { status: 412, code: "PRECONDITION_FAILED" });
  assert.equal(told, 0);
});

test("renaming takes everything along and deletes what was read, not what came in between", async () => {
  const renamed = { ...RECORD, name: "new.css", sha256: "read" };
  answers.push({ text: "b{}", tag: '"read"' }, { status: 201, json: renamed }, { json: renamed }, { status: 204 });
  await assets.rename({ ...RECORD, public: false, metadata: { by: "me" } }, "new.css");
  assert.deepEqual(
    asked.map(({ method, path, headers }) => [method, path, headers["If-Match"] ?? headers["If-None-Match"]]),
    [
      ["GET", "/engine/assets/css%2Fsite.css", undefined],
      ["PUT", "/engine/assets/new.css?public=false", "*"],
      ["PATCH", "/engine/assets/new.css", '"read"'],
      ["DELETE", "/engine/assets/css%2Fsite.css", '"read"'],
    ],
  );
  assert.equal(asked[2].body, '{"metadata":{"by":"me"}}');
});

test("names that are taken are found without asking for those that are not", async () => {
  answers.push({ json: { assets: [{ name: "a.css" }] } }, { json: { assets: [{ name: "b.css.map" }] } }, { json: { assets: [] } });
  assert.deepEqual(await assets.taken(["a.css", "b.css", "c.css"]), ["a.css"]);
});

test("names the engine would refuse are refused", () => {
  for (const good of ["a", "a/b.css", "ä b.png", ".well/known", "a..b", "x".repeat(512)]) assert.equal(wrongAssetName(good), "", good);
  for (const bad of ["", "/a", "a/", "a//b", "a/./b", "../a", "a\\b", "a\nb", "ä".repeat(257)]) assert.notEqual(wrongAssetName(bad), "", bad);
});

test("a folder is nothing or ends with a slash", () => {
  assert.deepEqual(["", " / ", "css", "/css/", "a/b/"].map(folder), ["", "", "css/", "css/", "a/b/"]);
});

test("types say how an asset is shown, edited and coloured", () => {
  assert.deepEqual(["image/png", "image/svg+xml; charset=utf-8", "text/css", "application/json", "font/woff2"].map(lookOf), ["image", "image", "text", "text", "bytes"]);
  assert.deepEqual(["image/png", "image/svg+xml", "text/html", "application/wasm"].map((type) => isText({ content_type: type })), [false, true, true, false]);
  assert.deepEqual(["text/css", "text/html; charset=utf-8", "image/svg+xml", "application/json", "text/plain"].map(languageOf), ["css", "html", "html", "javascript", ""]);
  assert.deepEqual(["a.CSS", "a.b.html", "README", "x.svg"].map(typeOf), ["text/css; charset=utf-8", "text/html; charset=utf-8", "text/plain; charset=utf-8", "image/svg+xml"]);
});

const encoded = (text) => new TextEncoder().encode(text);

test("what is not changed stays as it is, to the byte", () => {
  for (const text of ["a\nb\n", "a\r\nb\r\n", "\ufeffa", ""]) {
    const document = new OpenAsset("a.txt", readText(encoded(text)), { type: "text/plain", sha256: "abc" }, []);
    assert.equal(document.source, text);
    assert.ok(!document.dirty);
  }
  assert.equal(readText(new Uint8Array([0xff, 0xfe])), null);
});

test("lines that end in different ways are told of", () => {
  for (const text of ["a\r\nb\n", "a\rb"]) assert.ok(readText(encoded(text)).mixed, JSON.stringify(text));
  for (const text of ["a\r\nb", "a\nb", "ab"]) assert.ok(!readText(encoded(text)).mixed, JSON.stringify(text));
});

test("an asset that is new or gone differs from what is stored", () => {
  const document = new OpenAsset("a.txt", { text: "" }, { type: "text/plain", sha256: "" }, []);
  assert.ok(document.dirty && document.isNew);
  document.stored(document.state.doc, "abc");
  assert.ok(!document.dirty && !document.isNew);
  document.sha256 = "";
  assert.ok(document.dirty && !document.isNew);
});
