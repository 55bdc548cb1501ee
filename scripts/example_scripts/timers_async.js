// Waiting: a timer's time is not CPU time, so a handler may wait as long as the request may last.
// Timers end with the request.

const sleep = (ms, value) => new Promise((resolve) => setTimeout(resolve, ms, value));

// Three waits at once take as long as the longest.
async function together() {
  const start = performance.now();
  const values = await Promise.all([sleep(60, "tea"), sleep(40, "toast"), sleep(20, "egg")]);
  return { values, ms: Math.round(performance.now() - start) };
}

// Waiting, but not too long. GET /timers/patience?ms=50
async function patience({ query }) {
  const ms = Math.min(Number(query.ms ?? 50) || 0, 1000);
  const answer = await Promise.race([sleep(ms, "made it"), sleep(200, null)]);
  return answer === null ? { status: 504, body: "too slow\n" } : `${answer}\n`;
}

// An interval that ends itself.
function ticks() {
  return new Promise((resolve) => {
    const seen = [];
    const timer = setInterval(() => {
      seen.push(seen.length + 1);
      if (seen.length === 5) {
        clearInterval(timer);
        resolve({ ticks: seen });
      }
    }, 10);
  });
}

// Microtasks run before timers, and both before the answer.
async function order() {
  const seen = ["handler"];
  setTimeout(() => seen.push("timer"), 0);
  queueMicrotask(() => seen.push("microtask"));
  await sleep(5);
  return seen;
}

register("/timers/together", together);
register("/timers/patience", patience);
register("/timers/ticks", ticks);
register("/timers/order", order);
