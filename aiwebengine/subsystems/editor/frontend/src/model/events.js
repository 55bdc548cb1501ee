/** Server-sent events out of a fetch, which unlike EventSource can send the key. */

/** Splits a stream of text into events: `{id, event, data}` each; `data` is null where only the `id` moves on. */
export class EventParser {
  constructor() {
    this.rest = "";
  }

  /** Give the events that are complete with this piece. */
  feed(piece) {
    const blocks = (this.rest + piece.replace(/\r\n?/g, "\n")).split("\n\n");
    this.rest = blocks.pop();
    return blocks.map(parse).filter(Boolean);
  }
}

function parse(block) {
  const event = { id: "", event: "message", data: "" };
  const lines = [];
  for (const line of block.split("\n")) {
    if (!line || line.startsWith(":")) continue;
    const [, name, value] = /^([^:]*):? ?([\s\S]*)$/.exec(line);
    if (name === "data") lines.push(value);
    else if (name === "id" || name === "event") event[name] = value;
  }
  if (!lines.length) return event.id ? { ...event, data: null } : null;
  event.data = lines.join("\n");
  return event;
}

const RETRY_MS = [500, 1000, 2000, 5000, 10000];

/**
 * Read a stream of events until `signal` says stop, connecting again (after the last id) when it breaks.
 *
 * `open(lastId, signal)` gives a Response; `received(events)` gets what came together; `state(connected)` is told of changes.
 */
export async function follow({ open, received, state, signal, lastId = "" }) {
  let failures = 0;
  while (!signal.aborted) {
    try {
      const response = await open(lastId, signal);
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      const parser = new EventParser();
      failures = 0;
      state(true);
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        const events = parser.feed(value);
        for (const { id } of events) lastId = id || lastId;
        const told = events.filter((event) => event.data !== null);
        if (told.length) received(told);
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error.status === 403 || error.status === 404) {
        state(false, error);
        return;
      }
    }
    if (signal.aborted) return;
    state(false);
    await delay(RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)], signal);
  }
}

function delay(ms, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
}
