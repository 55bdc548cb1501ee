// A message board that lasts: storage keeps what variables cannot, for all requests and after a restart.
// Try: curl http://127.0.0.1:8080/board --json '{"name": "Ada", "words": "hello"}'; then GET /board

const LATEST = 20;

// Keys are in order, so the newest message comes first when its key counts down.
const keyOf = (number) => `message:${String(1e12 - number).padStart(13, "0")}`;

async function post({ json }) {
  const { name, words } = json ?? {};
  for (const [field, value] of Object.entries({ name, words })) {
    if (typeof value !== "string" || value.trim() === "" || value.length > 500) {
      return { status: 400, body: { error: `${field} must be a text of at most 500 characters` } };
    }
  }
  const number = await storage.increment("messages"); // exact, however many post at once
  const message = { number, name, words, at: new Date().toISOString() };
  await storage.set(keyOf(number), message, { ttl: 30 * 24 * 3600 });
  return { status: 201, body: message };
}

async function list({ query }) {
  const { values, cursor } = await storage.list({ prefix: "message:", limit: LATEST, cursor: query.cursor, values: true });
  const visits = await storage.increment("visits");
  return { messages: values, next: cursor, visits };
}

register("/board", post, "POST");
register("/board", list);
