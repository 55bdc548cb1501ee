// Helpers for tests of JSON APIs; a test takes them with:  // @helpers ./helpers/api.js
// Only functions: the helpers come after the test's own text, so their constants are not there in time.

function expectJSON(response, status, body) {
  expect(response.status, `status of ${response.text().slice(0, 200)}`).toBe(status);
  expect(response.headers["content-type"]).toMatch(/json/);
  if (body !== undefined) expect(response.json).toMatchObject(body);
}

function signedIn(name, ...roles) {
  return { userId: `id-of-${name}`, userName: name, userEmail: `${name}@example.com`, roles };
}

async function eachMethod(script, path, methods, check) {
  for (const method of methods) check(await script.request(method, path), method);
}
