test("defaults", async () => {
  const response = new Response();
  equal(
    [
      response.type,
      response.url,
      response.redirected,
      response.status,
      response.ok,
      response.statusText,
      response.body,
      response.bodyUsed,
    ],
    ["default", "", false, 200, true, "", null, false],
  );
  equal([...response.headers], []);
  same(response.headers, response.headers);
  same(await response.text(), "");
  same(response.bodyUsed, false);
});

test("options", () => {
  const response = new Response("x", { status: 404.9, statusText: "Né", headers: { a: "1" } });
  equal(
    [response.status, response.ok, response.statusText, response.headers.get("a")],
    [404, false, "Né", "1"],
  );
  for (const status of [199, 600, 0, -1, NaN, 1000, "x"])
    throws(RangeError, () => new Response("", { status }), String(status));
  for (const statusText of ["a\n", "\u0100", "\u007f"])
    throws(TypeError, () => new Response("", { statusText }));
  for (const status of [204, 205, 304]) {
    throws(TypeError, () => new Response("", { status }));
    same(new Response(null, { status }).status, status);
  }
  throws(TypeError, () => new Response("", 1));
  throws(TypeError, () => new Response("", { headers: { "a b": "c" } }));
});

test("content types", async () => {
  const type = (body, init) => new Response(body, init).headers.get("content-type");
  same(type("x"), "text/plain;charset=UTF-8");
  same(type(5), "text/plain;charset=UTF-8");
  same(type(new URLSearchParams("a=1")), "application/x-www-form-urlencoded;charset=UTF-8");
  same(type(new Blob(["x"], { type: "a/b" })), "a/b");
  same(type(new Blob(["x"])), null);
  same(type(new Uint8Array(1)), null);
  same(type(new ArrayBuffer(1)), null);
  same(type(new ReadableStream()), null);
  same(type("x", { headers: { "Content-Type": "c/d" } }), "c/d");
  same(await new Response({ toString: () => "object" }).text(), "object");
  same(await new Response(new URLSearchParams("a=1 2")).text(), "a=1+2");
  same(await new Response(false).text(), "false");
});

test("reading", async () => {
  same(await new Response("\ufeffé").text(), "é");
  equal(await new Response('\ufeff{"a":[1]}').json(), { a: [1] });
  equal([...(await new Response("é").bytes())], [195, 169]);
  same((await new Response(new Uint8Array([1, 2, 3]).subarray(1)).arrayBuffer()).byteLength, 2);
  const blob = await new Response("x", {
    headers: { "content-type": 'Text/HTML; Charset=UTF-8 ;q="a b"' },
  }).blob();
  equal([blob.type, await blob.text()], ['text/html;charset=UTF-8;q="a b"', "x"]);
  same((await new Response("x", { headers: { "content-type": "nonsense" } }).blob()).type, "");
  await rejects(SyntaxError, new Response("{").json());
  await rejects(SyntaxError, new Response("").json());
  await rejects(TypeError, Response.prototype.text.call({}));
});

test("a body is read once", async () => {
  const response = new Response("x");
  const first = response.text();
  same(response.bodyUsed, true);
  await rejects(TypeError, response.json());
  same(await first, "x");
  same(response.body.locked, true);
  throws(TypeError, () => response.clone());
  const locked = new Response("y");
  const reader = locked.body.getReader();
  same(locked.bodyUsed, false);
  await rejects(TypeError, locked.text());
  reader.releaseLock();
  same(await locked.text(), "y");
});

test("a later change of the bytes given does not show", async () => {
  const bytes = new Uint8Array([1, 2]);
  const response = new Response(bytes);
  bytes[0] = 9;
  equal([...(await response.bytes())], [1, 2]);
});

test("streams as bodies", async () => {
  const stream = new ReadableStream({
    pull(controller) {
      controller.enqueue(new Uint8Array([104]));
      controller.enqueue(new Uint8Array([105]));
      controller.close();
    },
  });
  const response = new Response(stream);
  same(response.body, stream);
  same(await response.text(), "hi");
  same(response.bodyUsed, true);
  throws(TypeError, () => new Response(stream));
  const locked = new ReadableStream();
  locked.getReader();
  throws(TypeError, () => new Response(locked));
  await rejects(TypeError, new Response(ReadableStream.from(["text"])).text());
  const error = new Error("broken");
  await rejects(error, new Response(new ReadableStream({ start: (c) => c.error(error) })).text());
  const chunks = [];
  for await (const chunk of new Response("abc").body) chunks.push(...chunk);
  equal(chunks, [97, 98, 99]);
});

test("cloning", async () => {
  const response = new Response("abc", { status: 201, headers: { a: "1" } });
  const copy = response.clone();
  copy.headers.set("a", "2");
  equal([response.headers.get("a"), copy.status], ["1", 201]);
  equal([await response.text(), await copy.text()], ["abc", "abc"]);
  const streamed = new Response(ReadableStream.from([new Uint8Array([1]), new Uint8Array([2])]));
  const twin = streamed.clone();
  const one = await streamed.bytes();
  one[0] = 9;
  equal([...(await twin.bytes())], [1, 2]);
  for (const chunk of [
    new Int16Array([1, 2]).subarray(1),
    new DataView(new ArrayBuffer(2)),
    new ArrayBuffer(3),
    { plain: 1 },
  ]) {
    const odd = new Response(ReadableStream.from([chunk]));
    const { value } = await odd.clone().body.getReader().read();
    equal(
      [value.constructor, value.byteLength, value === chunk],
      [chunk.constructor, chunk.byteLength, false],
    );
    same((await odd.body.getReader().read()).value, chunk);
  }
  same(new Response(null).clone().body, null);
});

test("static makers", async () => {
  const json = Response.json({ a: "é" }, { status: 201, headers: { x: "y" } });
  equal(
    [json.status, json.headers.get("content-type"), json.headers.get("x"), await json.text()],
    [201, "application/json", "y", '{"a":"é"}'],
  );
  same(Response.json(1, { headers: { "content-type": "a/b" } }).headers.get("content-type"), "a/b");
  throws(TypeError, () => Response.json(undefined));
  throws(TypeError, () => Response.json(Symbol()));
  throws(TypeError, () => Response.json());
  throws(TypeError, () => Response.json({}, { status: 204 }));
  const redirect = Response.redirect("HTTP://Example.com/é", 301);
  equal(
    [redirect.status, redirect.headers.get("location"), redirect.body],
    [301, "http://example.com/%C3%A9", null],
  );
  throws(TypeError, () => redirect.headers.set("a", "b"));
  same(Response.redirect("http://a/").status, 302);
  throws(RangeError, () => Response.redirect("http://a/", 200));
  throws(TypeError, () => Response.redirect("nonsense"));
  throws(TypeError, () => Response.redirect("http://\u0000"));
  const error = Response.error();
  equal([error.type, error.status, error.ok], ["error", 0, false]);
  throws(TypeError, () => error.headers.append("a", "b"));
});

test("a redirect to a path of this server", () => {
  same(Response.redirect("/a/../login?next=é#x").headers.get("location"), "/login?next=%C3%A9#x");
  for (const path of [
    "//evil.example/",
    "/\\evil.example/",
    "/\t/evil.example/",
    "/.//evil.example/",
    "/x/..//evil.example",
  ]) {
    throws(TypeError, () => Response.redirect(path), path);
  }
  throws(TypeError, () => Response.redirect("login"));
});

test("for the host", async () => {
  const { isResponse, makeResponse, responseParts } = piece("response");
  same(isResponse(new Response()), true);
  same(isResponse({}), false);
  same(isResponse(null), false);
  const response = new Response("text", {
    status: 201,
    statusText: "Made",
    headers: [
      ["set-cookie", "a=1"],
      ["set-cookie", "b=2"],
    ],
  });
  equal(responseParts(response), {
    status: 201,
    statusText: "Made",
    headers: [
      ["set-cookie", "a=1"],
      ["set-cookie", "b=2"],
      ["content-type", "text/plain;charset=UTF-8"],
    ],
    body: "text",
  });
  same(response.bodyUsed, true);
  throws(TypeError, () => responseParts(response));
  same(responseParts(new Response()).body, null);
  equal([...responseParts(new Response(new Blob(["ab"]))).body], [97, 98]);
  equal([...responseParts(new Response(new Uint8Array([7]))).body], [7]);
  const stream = new ReadableStream();
  same(responseParts(new Response(stream)).body, stream);
  throws(TypeError, () => responseParts({}));
  const made = makeResponse({
    status: 404,
    headers: [["X-A", "1"]],
    body: new Uint8Array([123, 125]),
    url: "http://a/",
    redirected: true,
  });
  equal(
    [made.status, made.url, made.redirected, made.headers.get("x-a"), await made.json()],
    [404, "http://a/", true, "1", {}],
  );
  throws(TypeError, () => made.headers.set("a", "b"));
});

test("the shape of the class", () => {
  same(Response.length, 0);
  same(String(new Response()), "[object Response]");
  for (const name of ["status", "body", "bodyUsed", "text", "clone", "headers", "bytes"]) {
    same(Object.getOwnPropertyDescriptor(Response.prototype, name).enumerable, true, name);
  }
  same(Object.getOwnPropertyDescriptor(Response, "json").enumerable, true);
  throws(TypeError, () => Response.prototype.status);
  throws(TypeError, () => Response());
});
