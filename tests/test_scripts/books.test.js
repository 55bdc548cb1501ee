// The pattern of most tests: load a script, make requests, look at the answers.
// @helpers ./helpers/api.js
const api = loadScript("../../scripts/example_scripts/json_api.js");

describe("GET /books", () => {
  it("lists all books", async () => {
    expectJSON(await api.get("/books"), 200, { total: 3 });
  });

  it("filters, sorts and limits", async () => {
    const { json } = await api.get("/books", { query: { author: "Le Guin", sort: "year", limit: 1 } });
    expect(json.books).toEqual([expect.objectContaining({ id: 1, year: 1969 })]);
    expect(json.total).toBe(2);
  });

  it.each([["0"], ["x"], ["1.5"]])("refuses limit=%s", async (limit) => {
    expectJSON(await api.get("/books", { query: { limit } }), 400, { error: expect.stringContaining("limit") });
  });
});

describe("GET /books/:id", () => {
  it("gives one book", async () => {
    expectJSON(await api.get("/books/2"), 200, { title: "Solaris" });
  });

  it("is 404 for an unknown one", async () => {
    expectJSON(await api.get("/books/99"), 404, { error: "no book 99" });
  });
});

describe("POST /books", () => {
  it("answers 201 with the new book's address", async () => {
    const response = await api.post("/books", { json: { title: " Ubik ", author: "Dick", year: 1969 } });
    expectJSON(response, 201, { id: 4, title: "Ubik" });
    expect(response.headers.location).toBe("/books/4");
  });

  it.each([
    [{}, "title"],
    [{ title: "Ubik" }, "author"],
    [{ title: "Ubik", author: "Dick", year: "x" }, "year"],
  ])("refuses %j and names %s", async (book, missing) => {
    expectJSON(await api.post("/books", { json: book }), 422, { error: expect.stringContaining(missing) });
  });

  it("never sees malformed JSON", async () => {
    const response = await api.post("/books", { body: "{", headers: { "Content-Type": "application/json" } });
    expectJSON(response, 400, { error: { code: "BAD_REQUEST" } });
  });
});

it("answers other methods with 405 and what is allowed", async () => {
  await eachMethod(api, "/books/2", ["PUT", "DELETE", "POST"], (response, method) => {
    expect(response.status, method).toBe(405);
    expect(response.headers.allow).toBe("GET, HEAD, OPTIONS");
  });
});
