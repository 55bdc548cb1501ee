// piece: test-fetch
// names: fetch
// needs: response request headers
// The fetch of a script under test: each request is answered by the test's fakeFetch, none leaves the machine.
(function (host) {
  "use strict";
  const { Response } = host.use("response");
  const { Request } = host.use("request");
  const fromBase64 = Uint8Array.fromBase64;

  async function fetch(input, init) {
    if (arguments.length === 0) throw new TypeError("fetch: 1 argument required, but only 0 present");
    const request = new Request(input, init);
    const asked = { method: request.method, url: request.url, headers: [...request.headers], body: await request.text() };
    const answer = await host.call("testing.fetch", asked);
    if (answer.error) throw new TypeError(answer.error);
    const body = answer.base64 !== null ? fromBase64(answer.base64) : answer.text === "" ? null : answer.text;
    return new Response(body, { status: answer.status, headers: answer.headers });
  }
  return { fetch };
})
