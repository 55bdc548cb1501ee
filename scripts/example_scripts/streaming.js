// Answers in pieces: an async generator, or a ReadableStream. Each piece is sent as soon as it is made, and the next
// one is asked for only when the client has room for it.
// Try: curl -N http://127.0.0.1:8080/stream/countdown

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function* countdown({ query }) {
  const from = Math.min(Math.max(Number.parseInt(query.from ?? "3", 10) || 0, 0), 10);
  for (let n = from; n > 0; n--) {
    yield `${n}\n`;
    await sleep(200);
  }
  yield "lift-off\n";
}

// A large table, never held in memory as a whole.
function table({ query }) {
  const rows = Math.min(Number.parseInt(query.rows ?? "1000", 10) || 0, 100000);
  let row = 0;
  const body = new ReadableStream({
    pull(controller) {
      let lines = row === 0 ? "n,square\n" : "";
      for (let i = 0; i < 500 && row < rows; i++) {
        row++;
        lines += `${row},${row * row}\n`;
      }
      controller.enqueue(lines);
      if (row >= rows) controller.close();
    },
  });
  return { body, contentType: "text/csv; charset=utf-8" };
}

register("/stream/countdown", countdown);
register("/stream/table.csv", table);
