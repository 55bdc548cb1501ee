// The shapes of requests and answers whose cost is shown beside the small script's.
register("/api/:group/items/:id", item, "GET");
register("/api/echo", echo, "POST");
register("/api/later", later, "GET");
register("/api/chunks", chunks, "GET");
register("/api/large", large, "GET");

function item(req) {
  const { group, id } = req.params;
  const fields = (req.query.fields ?? "name,price").split(",");
  const found = { id: Number(id), group, name: `item ${id}`, price: 12.5, tags: ["a", "b"] };
  return { body: Object.fromEntries(fields.map((field) => [field, found[field]])) };
}

function echo(req) {
  return { status: 201, body: { received: req.json, length: req.body.length } };
}

async function step(value) {
  return value + 1;
}

async function later() {
  const first = await step(1);
  const second = await step(first);
  return { body: { second } };
}

async function* pieces() {
  for (let number = 0; number < 100; number += 1) {
    yield `chunk ${number} of a streamed answer\n`;
  }
}

function chunks() {
  return { contentType: "text/plain; charset=utf-8", body: pieces() };
}

function large() {
  return { contentType: "text/plain; charset=utf-8", body: "0123456789abcde\n".repeat(6400) };
}
