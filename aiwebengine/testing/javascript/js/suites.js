// piece: test-suites
// names: describe it test beforeAll beforeEach afterAll afterEach
// needs: test-expect
// Tests are registered while the file loads; each one then runs as a request of its own, in a fresh scope.
(function (host) {
  "use strict";
  const { settled, detailsOf, count } = host.use("test-expect");
  const HOOKS = ["beforeAll", "beforeEach", "afterEach", "afterAll"];

  function tree() {
    const local = host.local("test-suites");
    local.suite ??= { name: "", above: null, mode: "", beforeAll: [], beforeEach: [], afterEach: [], afterAll: [] };
    local.last ??= 0;
    return local;
  }
  const lineage = (suite) => (suite === null ? [] : [...lineage(suite.above), suite]);

  function describeAs(mode, name, body) {
    if (typeof body !== "function") throw new TypeError("describe: give a name and a function");
    const local = tree();
    const above = local.suite;
    local.suite = { name: String(name), above, mode: above.mode === "skip" ? "skip" : mode || above.mode, beforeAll: [], beforeEach: [], afterEach: [], afterAll: [] };
    try {
      const result = body();
      if (typeof result?.then === "function") throw new TypeError("describe: its function must not be async");
    } finally {
      local.suite = above;
    }
  }
  function testAs(mode, name, body, options) {
    if (mode !== "todo" && typeof body !== "function") throw new TypeError("it: give a name and a function (or use it.todo)");
    const timeout = typeof options === "number" ? options : options?.timeout;
    if (timeout !== undefined && !(timeout > 0)) throw new RangeError("it: the timeout must be a number of milliseconds above 0");
    const local = tree();
    const { suite } = local;
    const key = String(++local.last);
    const path = lineage(suite).slice(1).map((each) => each.name);
    // What is nearer decides, but nothing inside a skipped suite runs.
    const found = suite.mode === "skip" && mode !== "todo" ? "skip" : mode || suite.mode;
    const data = { name: String(name), path, mode: found, timeout: timeout ?? null };
    host.register("test", key, data, () => run(suite, body));
  }

  function told(error) {
    const { name, message, stack } = host.describe(error);
    return { name, message, stack, ...detailsOf(error) };
  }
  // The engine says better than the error itself which limit was reached.
  const isLimit = (error) => error === null || error instanceof InternalError ||
    (error instanceof RangeError && error.message === "Maximum call stack size exceeded");
  async function run(suite, body) {
    const failures = [];
    const attempt = async (work) => {
      try { await work(); return true; } catch (error) {
        if (isLimit(error)) throw error;
        failures.push(told(error));
        return false;
      }
    };
    const all = lineage(suite);
    const hooks = (kind) => all.flatMap((each) => each[kind]);
    let fine = true;
    for (const hook of [...hooks("beforeAll"), ...hooks("beforeEach")]) if (fine) fine = await attempt(hook);
    if (fine) await attempt(async () => { await body(); await settled(); });
    for (const kind of ["afterEach", "afterAll"]) {
      for (const each of all.toReversed()) for (const hook of each[kind]) await attempt(hook);
    }
    return { failures, assertions: count() };
  }

  // "adds %d and %d" or "is $name" with the row's values
  function titled(name, row, index) {
    let next = 0;
    const values = Array.isArray(row) ? row : [row];
    return String(name)
      .replace(/%([sdifjo#%])/g, (all, kind) => {
        if (kind === "%") return "%";
        if (kind === "#") return String(index);
        if (next >= values.length) return all;
        const value = values[next++];
        return kind === "s" || kind === "d" || kind === "i" || kind === "f" ? String(value) : JSON.stringify(value);
      })
      .replace(/\$([A-Za-z_][\w.]*)/g, (all, path) => {
        let value = values[0];
        for (const part of path.split(".")) value = value?.[part];
        return value === undefined ? all : typeof value === "string" ? value : JSON.stringify(value);
      });
  }
  const eachOf = (make, mode) => (rows) => (name, body, options) => {
    if (typeof rows?.[Symbol.iterator] !== "function") throw new TypeError("each: give a list of rows");
    [...rows].forEach((row, index) => {
      make(mode, titled(name, row, index), Array.isArray(row) ? () => body(...row) : () => body(row), options);
    });
  };
  function family(make) {
    const one = (mode) => {
      const found = (name, body, options) => make(mode, name, body, options);
      found.each = eachOf(make, mode);
      return found;
    };
    return Object.assign(one(""), { skip: one("skip"), only: one("only"), todo: one("todo") });
  }
  const describe = family((mode, name, body) => describeAs(mode, name, body));
  describe.skipIf = (condition) => (condition ? describe.skip : describe);
  const it = family(testAs);
  it.skipIf = (condition) => (condition ? it.skip : it);
  it.runIf = (condition) => (condition ? it : it.skip);

  const found = { describe, it, test: it };
  for (const kind of HOOKS) {
    found[kind] = (hook) => {
      if (typeof hook !== "function") throw new TypeError(`${kind}: give a function`);
      tree().suite[kind].push(hook);
    };
  }
  return found;
})
