/** The names that only test files (`*.test.js`) see; see docs/testing-scripts.md. */

type TestFunction = () => unknown | Promise<unknown>;
type TestOptions = number | { timeout?: number };

interface EachOf {
  <T extends unknown[]>(rows: Iterable<T>): (name: string, body: (...row: T) => unknown, options?: TestOptions) => void;
  <T>(rows: Iterable<T>): (name: string, body: (row: T) => unknown, options?: TestOptions) => void;
}
interface TestKind {
  (name: string, body: TestFunction, options?: TestOptions): void;
  each: EachOf;
}
interface Test extends TestKind {
  skip: TestKind;
  only: TestKind;
  todo: { (name: string): void; each: EachOf };
  skipIf(condition: unknown): TestKind;
  runIf(condition: unknown): TestKind;
}
interface DescribeKind {
  (name: string, body: () => void): void;
  each: EachOf;
}
interface Describe extends DescribeKind {
  skip: DescribeKind;
  only: DescribeKind;
  todo: DescribeKind;
  skipIf(condition: unknown): DescribeKind;
}

/** A group of tests; its hooks are for these only. */
declare const describe: Describe;
/** A test. It runs in a world of its own: nothing another test did is left, in `storage` either. */
declare const it: Test;
/** The same as `it`. */
declare const test: Test;
/**
 * Runs once in the world of each test of its suite, before `beforeEach`: every test starts from what it leaves in
 * variables and in `storage`.
 */
declare function beforeAll(hook: TestFunction): void;
declare function beforeEach(hook: TestFunction): void;
declare function afterEach(hook: TestFunction): void;
/** Runs once in the world of each test of its suite, after `afterEach`. */
declare function afterAll(hook: TestFunction): void;

interface Matchers<R> {
  toBe(expected: unknown): R;
  toEqual(expected: unknown): R;
  toStrictEqual(expected: unknown): R;
  toMatchObject(expected: object): R;
  toContain(item: unknown): R;
  toContainEqual(item: unknown): R;
  toHaveLength(length: number): R;
  toHaveProperty(path: string | Array<string | number>, value?: unknown): R;
  toMatch(pattern: string | RegExp): R;
  toThrow(expected?: string | RegExp | (new (...args: any[]) => unknown) | object): R;
  /** Within half a unit of the last of `digits` decimal places, 2 by default. */
  toBeCloseTo(expected: number, digits?: number): R;
  toBeInstanceOf(type: new (...args: any[]) => unknown): R;
  toSatisfy(test: (value: any) => unknown): R;
  toBeGreaterThan(limit: number | bigint): R;
  toBeGreaterThanOrEqual(limit: number | bigint): R;
  toBeLessThan(limit: number | bigint): R;
  toBeLessThanOrEqual(limit: number | bigint): R;
  toBeDefined(): R;
  toBeUndefined(): R;
  toBeNull(): R;
  toBeNaN(): R;
  toBeTruthy(): R;
  toBeFalsy(): R;
}
interface Expectation extends Matchers<void> {
  not: Matchers<void>;
  resolves: Matchers<Promise<void>> & { not: Matchers<Promise<void>> };
  rejects: Matchers<Promise<void>> & { not: Matchers<Promise<void>> };
}
interface Expect {
  /** `message` is put before what a failure says. */
  (actual: unknown, message?: string): Expectation;
  any(type: Function): any;
  anything(): any;
  objectContaining(part: object): any;
  arrayContaining(items: unknown[]): any;
  stringContaining(part: string): any;
  stringMatching(pattern: RegExp | string): any;
  closeTo(number: number, digits?: number): any;
  /** The test fails unless exactly so many assertions were made. */
  assertions(count: number): void;
  hasAssertions(): void;
  unreachable(message?: string): never;
}
declare const expect: Expect;

type Fields = Record<string, unknown> | Iterable<[string, unknown]>;
interface ScriptRequestOptions {
  headers?: Fields;
  query?: Fields;
  cookies?: Fields;
  /** One of body, json and form. */
  body?: string | Uint8Array | ArrayBuffer;
  json?: unknown;
  /** A value `{content, filename?, contentType?}` is a file: the form is then multipart. */
  form?: Fields;
  /** Who asks; given it, the request is signed in. */
  auth?: { userId?: string; userEmail?: string; userName?: string; provider?: string; roles?: string[] };
  /** The client's address, 127.0.0.1 by default. */
  ip?: string;
}
interface ScriptLogEntry {
  level: "trace" | "debug" | "info" | "warn" | "error";
  message: string;
  line: number | null;
  requestId: string;
}
interface ScriptResponse {
  status: number;
  /** Whether status is 200 to 299. */
  ok: boolean;
  /** By lower-case name. */
  headers: Record<string, string>;
  /** Cookies set, with their attributes by lower-case name. */
  cookies: Record<string, { value: string; [attribute: string]: string | true }>;
  /** Text, or bytes when it is not UTF-8. */
  body: string | Uint8Array;
  /** The parsed body of a JSON type, else undefined. */
  json: any;
  text(): string;
  bytes(): Uint8Array;
  /** What the script logged for this request. */
  logs: ScriptLogEntry[];
}
interface TestedStorage extends KeyedStorage {
  /** What `storage.user` is for the user of that id. */
  user(id: string): KeyedStorage;
}
interface LoadedScript {
  /** All that the script logged in this test, up to the last answer. */
  readonly logs: ScriptLogEntry[];
  /** What the script has in `storage`: to prepare before its first request, and to look at. */
  readonly storage: TestedStorage;
  /** Loads now; rejects with a ScriptLoadError that says where. Requests load by themselves. */
  load(): Promise<LoadedScript>;
  routes(): Promise<Array<{ method: string; path: string }>>;
  request(method: string, path: string, options?: ScriptRequestOptions): Promise<ScriptResponse>;
  get(path: string, options?: ScriptRequestOptions): Promise<ScriptResponse>;
  head(path: string, options?: ScriptRequestOptions): Promise<ScriptResponse>;
  post(path: string, options?: ScriptRequestOptions): Promise<ScriptResponse>;
  put(path: string, options?: ScriptRequestOptions): Promise<ScriptResponse>;
  patch(path: string, options?: ScriptRequestOptions): Promise<ScriptResponse>;
  delete(path: string, options?: ScriptRequestOptions): Promise<ScriptResponse>;
}
/** A handle on the script in a file, relative to the test's; `source` instead of the file's content. */
declare function loadScript(path: string, options?: { uri?: string; source?: string }): LoadedScript;

/** The time of this test and of the scripts it loads. It is real until it is set or advanced. */
declare const clock: {
  /** Milliseconds since the epoch. */
  now(): number;
  set(moment: number | Date | string): void;
  /** Lets time pass: timers fire in order, each when nothing runs any more. */
  advance(ms: number): Promise<void>;
  reset(): void;
};

interface FakeReply {
  status?: number;
  headers?: Record<string, string> | Array<[string, string]>;
  body?: string | Uint8Array;
  json?: unknown;
}
interface FetchedRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: string;
  json?: any;
}
type Reply = string | FakeReply | ((request: FetchedRequest) => string | FakeReply | Promise<string | FakeReply>);
interface FakeRule {
  reply(reply: Reply): FakeRule;
  replyOnce(reply: Reply): FakeRule;
  fail(message?: string): FakeRule;
  failOnce(message?: string): FakeRule;
}
/** Answers `fetch` of the scripts under test. The latest rule that fits counts. */
declare const fakeFetch: {
  /** `*` in a text stands for anything. `body` must be part of the JSON (or be the text) sent. */
  when(url: string | RegExp | ((url: string) => unknown), options?: { method?: string; body?: unknown }): FakeRule;
  /** The requests made so far. */
  readonly calls: FetchedRequest[];
  reset(): void;
};
