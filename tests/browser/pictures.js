// What the tests of the request panel ask for.

const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAIAAAADCAIAAAA2iEnWAAAAEElEQVR42mP4z8AARAwQCgAf7gP9i18U1AAAAABJRU5ErkJggg==";

const bytes = new Uint8Array([72, 105, 0]);

async function* ticks() {
  for (let n = 1; ; n++) {
    yield `data: ${n}\n\n`;
    await new Promise((done) => setTimeout(done, 50));
  }
}

function boom() {
  console.error("before the boom");
  throw new Error("boom");
}

register("/pictures/dot.png", () => ({ body: Uint8Array.fromBase64(PNG), contentType: "image/png" }));
register("/pictures/bytes", () => ({ body: bytes, contentType: "application/octet-stream" }));
register("/pictures/boom", boom);
register("/pictures/echo", (req) => ({ headers: { "X-Got": req.headers["x-sent"] }, body: req.json }), "POST");
register("/pictures/none", () => ({ status: 204 }));
register("/pictures/ticks", () => ({ contentType: "text/event-stream", body: ticks() }));
