// What a request can carry, and what an answer gives.
const echo = loadScript("echo.js", {
  source: `
    const show = (request) => ({
      method: request.method, query: request.query, queryAll: request.queryAll, headers: request.headers, sent: request.body,
      json: request.json, form: request.form, cookies: request.cookies, ip: request.ip, path: request.path,
      files: request.files.map((file) => ({ ...file, text: String.fromCharCode(...file.bytes()) })),
    });
    for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE"]) register("/echo/*", show, method);
    register("/me", () => ({ user: auth.requireAuth().name, admin: auth.hasRole("admin") }));
    register("/bytes", () => new Uint8Array([255, 0, 1]));
    register("/cookie", () => ({ body: "x", cookies: { session: { value: "s1", maxAge: 60 } } }));
    register("/stream", async function* () { yield "one "; yield "two"; });
    register("/log", () => { console.warn("careful", { n: 1 }); return "logged"; });
    register("/boom", () => { throw new Error("broken on purpose"); });
    register("/loop", () => { for (;;); });
  `,
});

it("has methods, query, headers and cookies", async () => {
  for (const method of ["get", "post", "put", "patch", "delete"]) {
    expect((await echo[method]("/echo/x")).json.method).toBe(method.toUpperCase());
  }
  const { json } = await echo.get("/echo/ä b?a=1", {
    query: { b: ["2", "3"], none: undefined }, headers: { "X-One": "1" }, cookies: { theme: "dark" },
  });
  expect(json).toMatchObject({ path: "/echo/ä b", query: { a: "1", b: "3" }, queryAll: { b: ["2", "3"] }, cookies: { theme: "dark" } });
  expect(json.headers["x-one"]).toBe("1");
  expect((await echo.head("/echo/x")).body).toBe("");
});

it("has text, JSON, form and file bodies", async () => {
  expect((await echo.post("/echo/x", { body: "plain" })).json.sent).toBe("plain");
  expect((await echo.post("/echo/x", { body: new Uint8Array([104, 105]) })).json.sent).toBe("hi");
  expect((await echo.post("/echo/x", { json: [1, { a: null }] })).json.json).toEqual([1, { a: null }]);
  expect((await echo.post("/echo/x", { form: { a: "ü & =", b: 2 } })).json.form).toEqual({ a: "ü & =", b: "2" });
  const { json } = await echo.post("/echo/x", {
    form: { title: "t", file: { filename: "a.txt", contentType: "text/plain", content: "inside" } },
  });
  expect(json.form).toEqual({ title: "t" });
  expect(json.files).toEqual([{ field: "file", filename: "a.txt", contentType: "text/plain", size: 6, text: "inside" }]);
});

it("says who asks, and from where", async () => {
  expect((await echo.get("/me")).status).toBe(401);
  const auth = { userId: "u1", userName: "Ada", roles: ["admin"] };
  expect((await echo.get("/me", { auth })).json).toEqual({ user: "Ada", admin: true });
  expect((await echo.get("/echo/x", { ip: "203.0.113.7" })).json.ip).toBe("203.0.113.7");
});

it("gives text, bytes, cookies and streams", async () => {
  const bytes = await echo.get("/bytes");
  expect(bytes.body).toEqual(new Uint8Array([255, 0, 1]));
  expect(bytes.json).toBeUndefined();
  expect(bytes.bytes()).toHaveLength(3);
  expect((await echo.get("/cookie")).cookies.session).toMatchObject({ value: "s1", "max-age": "60", httponly: true });
  const stream = await echo.get("/stream");
  expect(stream.text()).toBe("one two");
  expect(stream.ok).toBe(true);
});

it("gives what was logged", async () => {
  const response = await echo.get("/log");
  expect(response.logs).toEqual([{ level: "warn", message: "careful { n: 1 }", line: 12, requestId: expect.any(String) }]);
  expect(echo.logs).toEqual(response.logs);
});

it("shows errors as the engine answers them in development", async () => {
  const response = await echo.get("/boom");
  expect(response.status).toBe(500);
  expect(response.json.error).toMatchObject({ code: "SCRIPT_ERROR", details: { script: "echo.js", line: 13 } });
  expect(echo.logs.map((entry) => entry.level)).toEqual(["error"]);
  expect((await echo.get("/nowhere")).status).toBe(404);
});

it("has the engine's limits", async () => {
  const response = await echo.get("/loop");
  expect(response.status).toBe(504);
  expect(response.json.error.details.config_key).toBe("javascript.execution_timeout_ms");
});

it("tells what a script registers, and why one does not load", async () => {
  expect(await echo.routes()).toContainEqual({ method: "GET", path: "/me" });
  const broken = loadScript("broken.js", { source: "register('/x', () => {\n  retrun 1;\n});" });
  await expect(broken.load()).rejects.toThrow(/broken\.js:2:\d+: SyntaxError/);
  await expect(loadScript("nowhere.js").load()).rejects.toThrow("nowhere.js: cannot be read");
  const twice = loadScript("twice.js", { source: "register('/me', () => 'again')" });
  await echo.load();
  await expect(twice.load()).rejects.toThrow("already registered by echo.js");
});

it("refuses requests that cannot be meant", async () => {
  await expect(echo.get("nowhere")).rejects.toThrow("path must be a string that begins with /");
  await expect(echo.get("/me", { bdy: "x" })).rejects.toThrow('no option "bdy"');
  await expect(echo.post("/me", { body: "x", json: 1 })).rejects.toThrow("give one of body and json");
  await expect(echo.get("/me", { headers: { "x-a": "b\r\nc: d" } })).rejects.toThrow("headers cannot carry");
  await expect(echo.request("G T", "/me")).rejects.toThrow("is no HTTP method");
});
