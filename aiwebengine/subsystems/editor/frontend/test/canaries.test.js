import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { Bus } from "../src/model/bus.js";
import { Canaries, counted, endInWords, percent, readEnd, readPercent } from "../src/model/canaries.js";
import { OpenDocument } from "../src/model/documents.js";
import { Scripts } from "../src/model/scripts.js";

const record = (version, canary) => ({ uri: "a.js", version, routes: [], ...(canary && { canary }) });
const trial = (version, requests = 0) => ({ version, percent: 10, requests });

let answers;
let ended;
let told;
let scripts;
let canaries;

beforeEach(() => {
  answers = [];
  ended = [];
  told = [];
  globalThis.fetch = async (path) => Response.json(path.startsWith("/engine/logs") ? { entries: answers.logs.map((message) => ({ message })) } : { scripts: answers.shift() });
  globalThis.sessionStorage = { getItem: () => "key" };
  const bus = new Bus();
  scripts = new Scripts(bus);
  canaries = new Canaries(bus, scripts);
  bus.on("canary-ended", (end) => ended.push(end));
  for (const topic of ["scripts", "canaries"]) bus.on(topic, () => told.push(topic));
});

afterEach(() => {
  delete globalThis.fetch;
  delete globalThis.sessionStorage;
});

/** See the list of scripts once for each of these. */
async function see(...seen) {
  answers.push(...seen.map((one) => [one]));
  for (const _ of seen) await scripts.refresh();
  await new Promise((done) => setTimeout(done));
}

test("figures are told of, but are no news of the script", async () => {
  await see(record(2, trial(3)), record(2, trial(3, 5)), record(2, { ...trial(3, 5), percent: 20 }));
  assert.deepEqual(told, ["scripts", "canaries", "canaries", "scripts", "canaries"]);
});

test("a canary that the engine took back is explained out of the log", async () => {
  answers.logs = ["canary version 3: aborted (earlier)", "canary version 3: started, 10 % of requests", "canary version 3: rolled_back (50 % of 20 requests failed (threshold 5))", "canary version 9: aborted"];
  await see(record(2, trial(3)), record(2));
  assert.deepEqual(ended, [{ uri: "a.js", version: 3, state: "rolled_back", reason: "50 % of 20 requests failed (threshold 5)" }]);
  assert.match(endInWords(ended[0]), /taken back by the engine: 50 % .* Version 2 answers all requests again/);
});

test("a promoted one needs no explanation, and one without any has ended", async () => {
  answers.logs = [];
  await see(record(2, trial(3)), record(3), record(3, trial(4)), record(3));
  assert.deepEqual(ended.map(({ version, state }) => [version, state]), [[3, "promoted"], [4, "ended"]]);
});

test("what is ended from here, and a script that is gone, are no news", async () => {
  await see(record(2, trial(3)));
  answers.push([record(2)]);
  await canaries.ending("a.js", async () => {});
  await see(record(2, trial(3)));
  answers.push([]);
  await scripts.refresh();
  assert.deepEqual(ended, []);
});

test("one that was taken back while nobody looked is found, if nothing came after it", async () => {
  const back = "canary version 3: rolled_back (50 % failed)";
  for (const [logs, found] of [[[back], true], [[back, "canary version 3: started, 10 % of requests"], false], [["canary version 2: rolled_back (x)"], false], [[], false]]) {
    answers.logs = logs;
    assert.equal((await canaries.takenBack("a.js", 3))?.reason, found ? "50 % failed" : undefined, logs.join());
  }
});

test("lines of the log that end nothing say nothing", () => {
  for (const message of ["canary version 3: started", "canary version 3: started, 10 % of requests", "hello", "canary version x: aborted"]) assert.equal(readEnd({ message }), null, message);
});

test("shares are read and shown", () => {
  assert.deepEqual(["10", "0,5 %", " 100% "].map(readPercent), [10, 0.5, 100]);
  for (const bad of ["", "0", "-1", "101", "ten"]) assert.throws(() => readPercent(bad), /over 0 and up to 100/, bad);
  assert.equal(percent(33.3333), "33.33 %");
  assert.deepEqual([counted(0, 0), counted(1, 0), counted(20, 2.5)], ["0 requests", "1 request, 0 % errors", "20 requests, 2.5 % errors"]);
});

test("a text on trial is not live, but would not be lost", () => {
  const document = new OpenDocument("a.js", "live", 2, []);
  assert.ok(!document.dirty && !document.unsaved);
  document.state = document.state.update({ changes: { from: 0, to: 4, insert: "trial" } }).state;
  assert.ok(document.dirty && document.unsaved);
  document.tried("trial", 3);
  assert.ok(document.dirty && document.onTrial && !document.unsaved);
  document.state = document.state.update({ changes: { from: 0, insert: "more " } }).state;
  assert.ok(document.unsaved && !document.onTrial);
  document.stored("trial", 3);
  assert.ok(document.dirty && document.trial === null);
});
