import assert from "node:assert/strict";
import { test } from "node:test";
import { EventParser, follow } from "../src/model/events.js";
import { figures, percentile, serverTiming } from "../src/model/figures.js";
import { ago, bytes, ms } from "../src/model/format.js";
import { hexDump, kindOf, placeholders, pretty, readHeaders, unsendable } from "../src/model/http.js";
import { wrongUri } from "../src/model/scripts.js";
import { adoptKey } from "../src/model/session.js";
import { matches, rows, treeOf } from "../src/model/tree.js";

test("names become folders and files, folders first, in natural order", () => {
  const tree = treeOf(["b10.js", "b9.js", "shop/a.js", "shop/deep/x.js", "https://example.com/lib.js", "/root.js"]);
  assert.deepEqual(tree.map((node) => node.name), ["https://example.com", "shop", "/root.js", "b9.js", "b10.js"]);
  assert.deepEqual(rows(tree, new Set(["shop/"])).map((row) => [row.node.name, row.level, row.open]).slice(0, 4), [
    ["https://example.com", 1, true],
    ["lib.js", 2, undefined],
    ["shop", 1, false],
    ["/root.js", 1, undefined],
  ]);
  assert.equal(rows(tree, new Set(["shop/"]), true).length, 9);
});

test("a filter wants every word", () => {
  assert.ok(matches("shop/Orders.js", "orders sho"));
  assert.ok(!matches("shop/orders.js", "orders blog"));
});

test("names the engine would refuse are refused", () => {
  for (const good of ["a.js", "a/b.js", "https://example.com/a.js", "a:b@c~d"]) assert.equal(wrongUri(good), "", good);
  for (const bad of ["", "a b", "ä.js", "../a", "a//b", "x".repeat(201)]) assert.notEqual(wrongUri(bad), "", bad);
});

test("the key leaves the address at once", () => {
  const kept = new Map();
  let address = "";
  const history = { replaceState: (state, title, url) => (address = url) };
  adoptKey({ hash: "#key=a%2Bb", pathname: "/engine/editor", search: "?script=x" }, history, { setItem: (name, value) => kept.set(name, value) });
  assert.equal(address, "/engine/editor?script=x");
  assert.deepEqual([...kept.values()], ["a+b"]);
  address = "";
  adoptKey({ hash: "#other", pathname: "/", search: "" }, history, {});
  assert.equal(address, "");
});

test("events are put together from any pieces", () => {
  const parser = new EventParser();
  const whole = ': connected\n\nid: 7\ndata: {"a":\ndata: 1}\n\nevent: x\r\ndata: é\r\n\r\n: heartbeat\n\n';
  const found = [...whole].flatMap((piece) => parser.feed(piece === "\r" ? "" : piece));
  assert.deepEqual(found, [
    { id: "7", event: "message", data: '{"a":\n1}' },
    { id: "", event: "x", data: "é" },
  ]);
});

test("an id alone moves on where to connect again", async () => {
  const asked = [], heard = [];
  const stop = new AbortController();
  const body = ["id: 1\ndata: {}\n\n", "id: 2\n\ndata: {\"seq\":0}\n\n"];
  await follow({
    open: async (lastId) => {
      asked.push(lastId);
      if (asked.length > 2) stop.abort();
      return new Response(new Blob([body.shift() ?? ""]));
    },
    received: (events) => heard.push(...events.map((event) => event.data)),
    state: () => {},
    signal: stop.signal,
  });
  assert.deepEqual(asked, ["", "1", "2"]);
  assert.deepEqual(heard, ["{}", "{\"seq\":0}"]);
  const parser = new EventParser();
  assert.deepEqual(parser.feed("id: 7\n\n: comment\n\n"), [{ id: "7", event: "message", data: null }]);
});

test("percentiles are by nearest rank", () => {
  assert.equal(percentile([], 0.5), null);
  assert.equal(percentile([1, 2, 3, 4], 0.5), 2);
  assert.equal(percentile([1, 2, 3, 4], 0.99), 4);
});

test("figures count the last minute without the engine's own requests", () => {
  const record = (path, started, status, wall, script = "a.js") => ({ path, started, status, wall_ms: wall, cpu_ms: 1, queue_wait_ms: 0, script });
  const now = figures([record("/a", 100, 200, 5), record("/b", 70, 500, 9), record("/c", 99, 404, 1, ""), record("/engine/logs", 99, 200, 50, ""), record("/old", 10, 500, 1)], { now: 100, bars: 6 });
  assert.deepEqual([now.requests, now.errors, now.refused, now.wall50, now.wall99, now.cpu50], [3, 1, 1, 5, 9, 1]);
  assert.deepEqual(now.spans.map((span) => span.requests), [0, 0, 0, 1, 0, 2]);
  assert.equal(figures([record("/engine/logs", 99, 200, 50)], { now: 100, own: true }).requests, 1);
});

test("Server-Timing is read", () => {
  assert.deepEqual(serverTiming('total;dur=1.50, memory;desc="4,5 bytes", x'), [
    { name: "total", ms: 1.5, text: "" },
    { name: "memory", ms: null, text: "4,5 bytes" },
    { name: "x", ms: null, text: "" },
  ]);
  assert.deepEqual(serverTiming(null), []);
});

test("headers are read, and what a browser will not send is named", () => {
  assert.deepEqual(readHeaders("Accept: a:b \n\nX-Y:\n"), [["Accept", "a:b"], ["X-Y", ""]]);
  assert.throws(() => readHeaders("ok: 1\nbad line"), /line 2/);
  assert.deepEqual(unsendable([["Cookie", "a"], ["Accept", "b"], ["Sec-Fetch-Mode", "c"]]), ["Cookie", "Sec-Fetch-Mode"]);
});

test("placeholders of a path", () => {
  assert.deepEqual(placeholders("/a/:id/*rest?x=/:no"), [":id", "*rest"]);
  assert.deepEqual(placeholders("/files/*"), ["*"]);
  assert.deepEqual(placeholders("/plain"), []);
});

test("bodies by their type", () => {
  const kinds = { "application/problem+json": "json", "text/html; charset=utf-8": "text", "image/svg+xml": "image", "text/event-stream": "events", "application/zip": "bytes", "": "text" };
  for (const [type, kind] of Object.entries(kinds)) assert.equal(kindOf(type), kind, type);
  assert.equal(pretty('{"a":1}'), '{\n  "a": 1\n}');
  assert.equal(pretty("{broken"), "{broken");
  assert.match(hexDump(new Uint8Array([72, 105, 0])), /^000000 {2}48 69 00 +Hi·$/);
  assert.match(hexDump(new Uint8Array(20), 16), /… 4 more bytes$/);
});

test("numbers for people", () => {
  assert.deepEqual([ms(null), ms(0.123), ms(12.34), ms(123.4), ms(12345)], ["–", "0.12 ms", "12.3 ms", "123 ms", "12.3 s"]);
  assert.deepEqual([bytes(10), bytes(2048), bytes(3 << 20)], ["10 B", "2.0 KB", "3.0 MB"]);
  const at = Date.parse("2030-01-02T10:00:00Z");
  const before = (seconds) => ago(new Date(at - seconds * 1000).toISOString(), at);
  assert.deepEqual([before(3), before(42), before(600), before(7200), before(9 * 86400)], ["just now", "42 s ago", "10 min ago", "2 h ago", "24 Dec 2029"]);
});
