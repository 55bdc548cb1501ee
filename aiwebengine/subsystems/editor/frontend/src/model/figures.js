/** Figures out of the records of recent requests. */

/** The value below which a share (0 to 1) of the sorted numbers lies, by nearest rank; null without any. */
export function percentile(sorted, share) {
  if (!sorted.length) return null;
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))];
}

/** Whether a record is of the engine's own pages: management, health, metrics. */
export const isOwn = (record) => /^\/(?:engine|health|metrics)(?:\/|$)/.test(record.path);

/**
 * Sum up records of the last `seconds` before `now` (both in seconds).
 *
 * Gives the number of requests, those by the end of each of `bars` equal spans, errors (5xx), and percentiles in ms.
 */
export function figures(records, { now, seconds = 60, bars = 30, own = false }) {
  const chosen = records.filter((record) => record.started > now - seconds && record.started <= now + 1 && (own || !isOwn(record)));
  const scripted = chosen.filter((record) => record.script);
  const spans = Array.from({ length: bars }, () => ({ requests: 0, errors: 0 }));
  for (const record of chosen) {
    const index = Math.floor(((record.started - (now - seconds)) / seconds) * bars);
    const span = spans[Math.min(Math.max(index, 0), bars - 1)];
    span.requests++;
    if (record.status >= 500) span.errors++;
  }
  const sorted = (list, name) => list.map((record) => record[name]).sort((one, other) => one - other);
  const wall = sorted(chosen, "wall_ms");
  const cpu = sorted(scripted, "cpu_ms");
  const queue = sorted(scripted, "queue_wait_ms");
  return {
    requests: chosen.length,
    errors: chosen.filter((record) => record.status >= 500).length,
    refused: chosen.filter((record) => record.status >= 400 && record.status < 500).length,
    wall50: percentile(wall, 0.5),
    wall99: percentile(wall, 0.99),
    cpu50: percentile(cpu, 0.5),
    cpu99: percentile(cpu, 0.99),
    queue99: percentile(queue, 0.99),
    spans,
  };
}

/** The entries of a Server-Timing header: `{name, ms, text}` each. */
export function serverTiming(header) {
  return (header ?? "")
    .split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/)
    .map((entry) => {
      const [name, ...parameters] = entry.trim().split(/\s*;\s*/);
      const values = Object.fromEntries(parameters.map((one) => /^([^=]*)=?"?([^"]*)"?$/.exec(one).slice(1)));
      return { name, ms: values.dur === undefined ? null : Number(values.dur), text: values.desc ?? "" };
    })
    .filter((entry) => entry.name);
}
