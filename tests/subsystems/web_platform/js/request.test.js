test("defaults", async () => {
  const request = new Request("http://a/b#c");
  equal(
    [
      request.method,
      request.url,
      request.mode,
      request.credentials,
      request.cache,
      request.redirect,
      request.referrer,
      request.referrerPolicy,
      request.integrity,
      request.keepalive,
      request.destination,
      request.duplex,
      request.body,
      request.bodyUsed,
    ],
    [
      "GET",
      "http://a/b#c",
      "cors",
      "same-origin",
      "default",
      "follow",
      "about:client",
      "",
      "",
      false,
      "",
      "half",
      null,
      false,
    ],
  );
  same(request.signal instanceof AbortSignal, true);
  same(request.signal, request.signal);
  same(await request.text(), "");
});

test("URLs and methods", () => {
  for (const url of ["/relative", "", "http://u:p@h/", "http://u@h/", "http://"])
    throws(TypeError, () => new Request(url), url);
  same(new Request({ toString: () => "HTTP://A" }).url, "http://a/");
  same(new Request(new URL("http://b/")).url, "http://b/");
  for (const [given, method] of [
    ["get", "GET"],
    ["PoSt", "POST"],
    ["patch", "patch"],
    ["CHICKEN", "CHICKEN"],
  ])
    same(new Request("http://a", { method: given }).method, method);
  for (const method of ["", "a b", "CONNECT", "trace", "TRACK", "é"])
    throws(TypeError, () => new Request("http://a", { method }), method);
  throws(TypeError, () => new Request());
});

test("options", () => {
  const init = {
    mode: "same-origin",
    credentials: "include",
    cache: "no-store",
    redirect: "manual",
    referrer: "",
    referrerPolicy: "origin",
    integrity: "sha",
    keepalive: 1,
  };
  const request = new Request("http://a/", init);
  equal(
    [
      request.mode,
      request.credentials,
      request.cache,
      request.redirect,
      request.referrer,
      request.referrerPolicy,
      request.integrity,
      request.keepalive,
    ],
    ["same-origin", "include", "no-store", "manual", "", "origin", "sha", true],
  );
  for (const bad of [
    { mode: "x" },
    { mode: "navigate" },
    { credentials: "x" },
    { cache: "x" },
    { redirect: "x" },
    { referrerPolicy: "x" },
    { referrer: "http://" },
    { window: 1 },
    { signal: 1 },
    { duplex: "full" },
    { cache: "only-if-cached" },
    { mode: "no-cors", method: "PUT" },
  ]) {
    throws(TypeError, () => new Request("http://a/", bad), JSON.stringify(bad));
  }
  throws(TypeError, () => new Request("http://a/", 1));
  same(new Request("http://a/", null).method, "GET");
});

test("bodies", async () => {
  const request = new Request("http://a/", { method: "POST", body: "é" });
  same(request.headers.get("content-type"), "text/plain;charset=UTF-8");
  same(await request.text(), "é");
  same(request.bodyUsed, true);
  throws(TypeError, () => new Request("http://a/", { body: "x" }));
  throws(TypeError, () => new Request("http://a/", { method: "HEAD", body: "" }));
  throws(TypeError, () => new Request("http://a/", { method: "POST", body: new ReadableStream() }));
  const streamed = new Request("http://a/", {
    method: "POST",
    body: ReadableStream.from([new Uint8Array([65])]),
    duplex: "half",
  });
  same(await streamed.text(), "A");
  same(new Request("http://a/", { method: "POST", body: null }).body, null);
});

test("a request made of another", async () => {
  const first = new Request("http://a/", {
    method: "PUT",
    body: "x",
    headers: { a: "1" },
    redirect: "error",
  });
  const second = new Request(first, { headers: { b: "2" } });
  equal(
    [second.method, second.redirect, second.headers.get("a"), second.headers.get("b"), first.bodyUsed],
    ["PUT", "error", null, "2", true],
  );
  same(await second.text(), "x");
  throws(TypeError, () => new Request(first));
  same(new Request(first, { body: "new" }).method, "PUT");
  const kept = new Request("http://a/", { headers: { a: "1" } });
  same(new Request(kept).headers.get("a"), "1");
  const streamed = new Request("http://a/", {
    method: "POST",
    body: ReadableStream.from([new Uint8Array([66])]),
    duplex: "half",
  });
  const moved = new Request(streamed);
  same(streamed.bodyUsed, true);
  same(streamed.body.locked, true);
  same(await moved.text(), "B");
  throws(
    TypeError,
    () => new Request(new Request("http://a/", { method: "POST", body: "x" }), { method: "GET" }),
  );
});

test("cloning", async () => {
  const request = new Request("http://a/", { method: "POST", body: "x", headers: { a: "1" } });
  const copy = request.clone();
  copy.headers.set("a", "2");
  equal([request.headers.get("a"), await request.text(), await copy.text()], ["1", "x", "x"]);
  throws(TypeError, () => request.clone());
});

test("signals", () => {
  const controller = new AbortController();
  const request = new Request("http://a/", { signal: controller.signal });
  const copy = request.clone();
  const derived = new Request(request);
  const detached = new Request(request, { signal: null });
  same(request.signal === controller.signal, false);
  controller.abort("why");
  equal(
    [
      request.signal.aborted,
      request.signal.reason,
      copy.signal.reason,
      derived.signal.reason,
      detached.signal.aborted,
    ],
    [true, "why", "why", "why", false],
  );
  same(new Request("http://a/", { signal: AbortSignal.abort() }).signal.aborted, true);
});

test("forms", async () => {
  const body = new URLSearchParams([
    ["a", "1 2"],
    ["é", "&"],
  ]);
  const form = await new Request("http://a/", { method: "POST", body }).formData();
  equal(
    [...form],
    [
      ["a", "1 2"],
      ["é", "&"],
    ],
  );
});

test("for the host", async () => {
  const { isRequest, makeRequest, requestParts } = piece("request");
  const controller = new AbortController();
  const request = makeRequest("http://h/p?q", {
    method: "POST",
    headers: [
      ["Content-Type", "application/json"],
      ["Cookie", "a=b"],
    ],
    body: '{"x":1}',
    signal: controller.signal,
  });
  equal(
    [isRequest(request), isRequest({}), request.method, request.url, request.headers.get("cookie")],
    [true, false, "POST", "http://h/p?q", "a=b"],
  );
  equal(await request.json(), { x: 1 });
  controller.abort("gone");
  same(request.signal.reason, "gone");
  same(makeRequest("http://h/").body, null);
  const outgoing = new Request("http://x/", {
    method: "POST",
    body: new Uint8Array([1]),
    headers: { A: "b" },
    redirect: "manual",
  });
  const parts = requestParts(outgoing);
  equal(
    [parts.url, parts.method, parts.headers, [...parts.body], parts.redirect, parts.signal],
    ["http://x/", "POST", [["a", "b"]], [1], "manual", null],
  );
  same(outgoing.bodyUsed, true);
  throws(TypeError, () => requestParts(outgoing));
});

test("the shape of the class", () => {
  same(Request.length, 1);
  same(String(new Request("http://a")), "[object Request]");
  throws(TypeError, () => Request.prototype.url);
  same(Object.getOwnPropertyDescriptor(Request.prototype, "json").enumerable, true);
});
