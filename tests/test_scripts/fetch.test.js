// fakeFetch answers the fetch of the scripts under test; no request leaves the machine.
const weather = loadScript("weather.js", {
  source: `
    async function weather({ query }) {
      try {
        const response = await fetch("https://weather.example/v1/" + query.city, { headers: { "X-Key": "k" } });
        if (!response.ok) return { status: 502, body: { error: "upstream " + response.status } };
        return { degrees: (await response.json()).degrees };
      } catch (error) {
        return { status: 503, body: { error: error.name + ": " + error.message } };
      }
    }
    async function report() {
      const response = await fetch(new Request("https://weather.example/v1/reports", {
        method: "POST", body: JSON.stringify({ city: "Oslo" }), headers: { "Content-Type": "application/json" },
      }));
      return { status: response.status, body: await response.text() };
    }
    register("/weather", weather);
    register("/report", report);
    register("/has-fetch", () => ({ type: typeof fetch }));
  `,
});

it("answers with JSON", async () => {
  fakeFetch.when("https://weather.example/v1/Oslo").reply({ json: { degrees: -3 } });
  const response = await weather.get("/weather", { query: { city: "Oslo" } });
  expect(response.json).toEqual({ degrees: -3 });
  expect(fakeFetch.calls).toEqual([
    expect.objectContaining({ method: "GET", url: "https://weather.example/v1/Oslo", headers: { "x-key": "k" } }),
  ]);
});

it("takes patterns, and the latest rule that fits", async () => {
  fakeFetch.when("https://weather.example/*").reply({ status: 500 });
  fakeFetch.when(/\/v1\/Rome$/).reply(({ url }) => ({ json: { degrees: url.length } }));
  expect((await weather.get("/weather", { query: { city: "Rome" } })).json).toEqual({ degrees: 31 });
  expect((await weather.get("/weather", { query: { city: "Bern" } })).status).toBe(502);
});

it("can answer differently each time, and fail", async () => {
  fakeFetch.when("*/v1/Oslo").replyOnce({ json: { degrees: 1 } }).failOnce("connection reset").reply({ status: 404 });
  const ask = async () => (await weather.get("/weather", { query: { city: "Oslo" } })).json;
  expect(await ask()).toEqual({ degrees: 1 });
  expect(await ask()).toEqual({ error: "TypeError: connection reset" });
  expect(await ask()).toEqual({ error: "upstream 404" });
});

it("matches by method and part of the body", async () => {
  fakeFetch.when("*/reports", { method: "post", body: { city: "Rome" } }).reply("not this one");
  fakeFetch.when("*/reports", { method: "post", body: { city: "Oslo" } }).reply({ status: 202, body: "thanks" });
  const response = await weather.get("/report");
  expect([response.status, response.body]).toEqual([202, "thanks"]);
  expect(fakeFetch.calls[0].json).toEqual({ city: "Oslo" });
});

it("explains a request nobody answers", async () => {
  fakeFetch.when("https://other.example/").reply("x");
  const { json } = await weather.get("/weather", { query: { city: "Oslo" } });
  expect(json.error).toContain("no fake answers GET https://weather.example/v1/Oslo");
  expect(json.error).toContain("fakes: any method https://other.example/");
});

it("carries bytes", async () => {
  fakeFetch.when("*/reports").reply({ body: new Uint8Array([0xe2, 0x82, 0xac]) });
  expect((await weather.get("/report")).body).toBe("€");
});
