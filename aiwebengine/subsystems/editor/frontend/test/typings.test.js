import assert from "node:assert/strict";
import { test } from "node:test";
import { javascriptLanguage } from "@codemirror/lang-javascript";
import { parseTypings } from "../src/typings/parse.js";
import { Resolver } from "../src/typings/resolve.js";
import { alternatives, awaited, functionType, splitTop } from "../src/typings/text.js";

const TYPINGS = `
/** The first
 * argument. */
interface Req { readonly params: Record<string, string>; headers: Head; files: File[]; text(): Promise<string>;
  get(name: "a"): string; get(name: string): number }
interface Head extends Base { /** One header. */ find(name: string): string | null }
interface Base { size: number }
type Handler = (request: Req) => unknown;
/** Answers a path. */
declare function register(path: string, handler: Handler | string, method?: string): void;
declare function on(handler: ((error: Problem, request: Req) => void) | string): void;
interface Problem { reason: string }
declare const shop: { /** All of them. */ list(): Promise<Item>; nested: { deep: number } };
interface Item { price: number }
interface Tag { (strings: any): Text; raw(text: string): Text }
interface Text { length: number }
declare const html: Tag;
declare class Url { private constructor(); constructor(text: string); static parse(text: string): Url; readonly query: Item; private hidden: string }
declare var Coder: { prototype: Coder; new (): Coder };
interface Coder { encode(): Item }
declare namespace deep { function down(): Item; const up: string }
`;
const typings = parseTypings(TYPINGS);

/** The names that may follow the cursor, written as |. */
function after(text) {
  const at = text.indexOf("|");
  const source = text.replace("|", "");
  const tree = javascriptLanguage.parser.parse(source);
  const node = tree.resolveInner(at, -1);
  const member = node.name === "MemberExpression" ? node : node.parent;
  const resolver = new Resolver(typings, source, tree);
  return [...resolver.members(resolver.typeOf(member.firstChild)).keys()];
}

function hover(text) {
  const at = text.indexOf("|");
  const source = text.replace("|", "");
  return new Resolver(typings, source, javascriptLanguage.parser.parse(source)).at(at)?.declared.signatures ?? null;
}

test("types as text", () => {
  assert.deepEqual(splitTop('a: {b, c}, d<e, f>, "g,h", (x) => y', ","), ["a: {b, c}", "d<e, f>", '"g,h"', "(x) => y"]);
  assert.deepEqual(alternatives("(A | null) | B[] | undefined"), ["A | null", "B[]"]);
  assert.equal(awaited("Promise<A | B> | C"), "A | B | C");
  assert.deepEqual(functionType("((a: A, b?: (c: C) => D) => E)"), { parameters: [{ name: "a", type: "A" }, { name: "b", type: "(c: C) => D" }], result: "E" });
  assert.equal(functionType("A"), null);
});

test("declarations carry signature, comment and overloads", () => {
  const register = typings.globals.get("register");
  assert.deepEqual([register.kind, register.doc, register.signatures], ["function", "Answers a path.", ["register(path: string, handler: Handler | string, method?: string): void"]]);
  assert.equal(typings.types.get("Req").members.get("get").signatures.length, 2);
  assert.equal(typings.types.get("Head").members.get("find").doc, "One header.");
  assert.deepEqual(typings.globals.get("Url").signatures, ["new Url(text: string)"]);
  assert.ok(!typings.types.get("Url").members.has("hidden"));
});

test("a handler's parameter is known however the handler is handed over", () => {
  const wanted = ["params", "headers", "files", "text", "get"];
  assert.deepEqual(after("register('/x', (req) => { req.| })"), wanted);
  assert.deepEqual(after("function h(q) { q.| }\nregister('/x', h)"), wanted);
  assert.deepEqual(after("const h = async (q) => { q.| };\nregister('/x', 'h')"), wanted);
  assert.deepEqual(after("on((error, request) => error.|)"), ["reason"]);
});

test("members of members, parents, arrays, strings", () => {
  assert.deepEqual(after("register('/', (r) => r.headers.|)"), ["find", "size"]);
  assert.ok(after("register('/', (r) => r.files.|)").includes("map"));
  assert.ok(after("'text'.|").includes("padStart"));
  assert.deepEqual(after("shop.nested.|"), ["deep"]);
});

test("calls, promises, classes, namespaces, templates", () => {
  assert.deepEqual(after("async () => { const item = await shop.list(); item.| }"), ["price"]);
  assert.deepEqual(after("new Url('x').|"), ["query"]);
  assert.deepEqual(after("Url.|"), ["parse"]);
  assert.deepEqual(after("Url.parse('x').query.|"), ["price"]);
  assert.deepEqual(after("new Coder().encode().|"), ["price"]);
  assert.deepEqual(after("deep.down().|"), ["price"]);
  assert.deepEqual(after("html`x`.|"), ["length"]);
  assert.deepEqual(after("html.|"), ["raw"]);
});

test("what is not known gives nothing, and what the script binds hides what the engine has", () => {
  assert.deepEqual(after("unknown.|"), []);
  assert.deepEqual(after("{ const shop = mystery(); shop.| }"), []);
  assert.deepEqual(after("let a = b, b = a; a.|"), []);
});

test("hover tells signatures", () => {
  assert.deepEqual(hover("reg|ister('/x', h)"), ["register(path: string, handler: Handler | string, method?: string): void"]);
  assert.deepEqual(hover("shop.li|st()"), ["list(): Promise<Item>"]);
  assert.deepEqual(hover("register('/x', (re|q) => 1)"), ["req: Req"]);
  assert.equal(hover("not|hing"), null);
});
