// piece: test-fakes
// names: fakeFetch clock
// needs: test-clock test-values
// What a test says about the world of the script under test: its time, and who answers its fetch.
(function (host) {
  "use strict";
  const { state, now, NativeDate } = host.use("test-clock");
  const { equals, line } = host.use("test-values");
  const toBase64 = (bytes) => bytes.toBase64();

  function moment(value) {
    const ms = typeof value === "number" ? value : new NativeDate(value).getTime();
    if (!Number.isFinite(ms)) throw new RangeError(`clock: ${line(value)} is no moment; give milliseconds, a Date or ISO text`);
    return ms;
  }
  const clock = {
    now: () => now(),
    set(value) {
      const ms = moment(value);
      state().now = ms;
      if (!host.loading) host.send("testing.clock", { now: ms });
    },
    async advance(ms) {
      if (typeof ms !== "number" || !(ms >= 0) || !Number.isFinite(ms)) throw new RangeError("clock.advance: ms must be a number, 0 or more");
      const local = state();
      local.now ??= now();
      const answer = await host.call("testing.advance", { now: local.now, ms });
      local.now = answer.now;
    },
    reset() {
      state().now = null;
      if (!host.loading) host.send("testing.clock", { now: null });
    },
  };

  // ---- fetch: requests come here one by one, so that replies may be functions of the test ----
  const fetches = () => {
    const local = host.local("test-fakes");
    local.rules ??= [];
    local.calls ??= [];
    return local;
  };
  function urlTest(wanted) {
    if (wanted instanceof RegExp) return (url) => url.search(wanted) >= 0;
    if (typeof wanted === "function") return (url) => Boolean(wanted(url));
    const text = String(wanted);
    if (!text.includes("*")) return (url) => url === text || url === text + "/";
    const pattern = new RegExp("^" + text.split("*").map((part) => part.replace(/[\\^$.+?()[\]{}|]/g, "\\$&")).join(".*") + "$");
    return (url) => pattern.test(url);
  }
  function packed(reply) {
    if (typeof reply === "string") reply = { body: reply };
    let { status = 200, headers = {}, body = "", json } = reply ?? {};
    const pairs = Array.isArray(headers) ? headers : Object.entries(headers);
    if (json !== undefined) {
      body = JSON.stringify(json);
      if (!pairs.some(([name]) => String(name).toLowerCase() === "content-type")) pairs.push(["content-type", "application/json"]);
    }
    const bytes = body instanceof Uint8Array;
    return { status, headers: pairs.map(([name, value]) => [String(name), String(value)]), text: bytes ? "" : String(body), base64: bytes ? toBase64(body) : null };
  }
  async function answered(asked) {
    const local = fetches();
    const request = { method: asked.method, url: asked.url, headers: Object.fromEntries(asked.headers), body: asked.body };
    try { request.json = JSON.parse(asked.body); } catch { /* no JSON */ }
    local.calls.push(request);
    for (const rule of local.rules) {
      if (rule.replies.length === 0 || !rule.matches(asked.url)) continue;
      if (rule.method !== undefined && rule.method !== asked.method) continue;
      if (rule.body !== undefined && !equals(request.json ?? request.body, rule.body, "subset")) continue;
      const reply = rule.replies[0].once ? rule.replies.shift() : rule.replies[0];
      if (reply.fails !== undefined) return { error: reply.fails };
      try {
        return packed(typeof reply.value === "function" ? await reply.value(request) : reply.value);
      } catch (error) {
        return { error: `the fake's reply threw: ${error?.message}` };
      }
    }
    const known = local.rules.map((rule) => `${rule.method ?? "any method"} ${rule.shown}`).join(", ") || "none";
    return { error: `fetch: no fake answers ${asked.method} ${asked.url} (fakes: ${known})` };
  }
  async function serve() {
    let reply = null;
    for (;;) {
      const asked = await host.call("testing.fakes", { reply });
      if (asked === null) return;
      reply = { id: asked.id, ...(await answered(asked)) };
    }
  }
  const fakeFetch = {
    when(url, { method, body } = {}) {
      if (typeof url !== "string" && !(url instanceof RegExp) && typeof url !== "function") {
        throw new TypeError("fakeFetch.when: url must be a string (* stands for anything), a RegExp or a function");
      }
      const local = fetches();
      const rule = { matches: urlTest(url), method: method?.toUpperCase(), body, shown: String(url), replies: [] };
      local.rules.unshift(rule);
      if (!local.serving && !host.loading) {
        local.serving = true;
        serve();
      }
      const chain = {
        reply(value) { rule.replies.push({ value, once: false }); return chain; },
        replyOnce(value) { rule.replies.push({ value, once: true }); return chain; },
        fail(message = "fetch failed") { rule.replies.push({ fails: String(message), once: false }); return chain; },
        failOnce(message = "fetch failed") { rule.replies.push({ fails: String(message), once: true }); return chain; },
      };
      return chain;
    },
    get calls() { return fetches().calls; },
    reset() { Object.assign(fetches(), { rules: [], calls: [] }); },
  };
  return { clock, fakeFetch };
})
