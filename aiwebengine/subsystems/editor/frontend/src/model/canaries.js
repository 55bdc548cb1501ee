/** Versions on trial: what became of those that are gone. */

import { json } from "./api.js";

const RECENT_MS = 24 * 3600 * 1000;

/**
 * Sees canaries go; tells `bus` of "canary-ended" with `{uri, version, state, reason}`.
 *
 * `state` is what the engine calls it: "promoted", "aborted", "rolled_back", "superseded" or "ended".
 */
export class Canaries {
  constructor(bus, scripts) {
    this.bus = bus;
    this.scripts = scripts;
    this.mine = new Set();
    bus.on("canaries", (before) => this.compare(before));
  }

  /** Do something that ends a script's canary without being told of it. */
  async ending(uri, act) {
    this.mine.add(uri);
    try {
      const answer = await act();
      await this.scripts.refresh().catch(() => {});
      return answer;
    } finally {
      this.mine.delete(uri);
    }
  }

  async compare(before) {
    for (const [uri, { canary }] of before) {
      const record = this.scripts.get(uri);
      if (!canary || !record || this.mine.has(uri) || record.canary?.version === canary.version) continue;
      const { version } = canary;
      if (record.version === version) this.bus.tell("canary-ended", { uri, version, state: "promoted", reason: "" });
      else this.bus.tell("canary-ended", { uri, version, ...(await this.lastWords(uri, version)) });
    }
  }

  /** How it ended, out of the script's log. */
  async lastWords(uri, version) {
    const ends = (await this.entries(uri)).map(readEnd).filter((end) => end?.version === version);
    const { state = "ended", reason = "" } = ends.at(-1) ?? {};
    return { state, reason };
  }

  /** `{version, state, reason}` of a canary that the engine took back within a day, null if none came to that. */
  async takenBack(uri, version, now = Date.now()) {
    const last = (await this.entries(uri, { since: now - RECENT_MS })).at(-1);
    const end = last && readEnd(last);
    return end?.state === "rolled_back" && end.version === version ? end : null;
  }

  async entries(uri, more = {}) {
    try {
      return (await json(`/engine/logs?${new URLSearchParams({ script: uri, kind: "canary", limit: 20, ...more })}`)).entries;
    } catch {
      return [];
    }
  }
}

/** What an entry of the log says of a canary's end, null for anything else. */
export function readEnd({ message }) {
  const found = /^canary version (\d+): (\w+)(?: \(([\s\S]*)\))?$/.exec(message);
  if (!found || found[2] === "started") return null;
  return { version: Number(found[1]), state: found[2], reason: found[3] ?? "" };
}

/** The end of a canary in a sentence. */
export function endInWords({ uri, version, state, reason }) {
  const what = `The canary of ${uri}, version ${version}, `;
  const why = reason && `: ${reason}`;
  return {
    promoted: `${what}was promoted: it answers all requests now.`,
    rolled_back: `${what}was taken back by the engine${why}. Version ${version - 1} answers all requests again.`,
    aborted: `${what}was aborted elsewhere${why}.`,
    superseded: `${what}ended, as another version was stored${why}.`,
  }[state] ?? `${what}has ended${why}.`;
}

/** A share of requests, for people. */
export const percent = (value) => `${Number(value.toFixed(2))} %`;

/** Requests and errors of a version, for people. */
export const counted = (requests, rate) => `${requests} request${requests === 1 ? "" : "s"}${requests ? `, ${percent(rate)} errors` : ""}`;

/** A typed share of requests; raises Error saying what is wrong with it. */
export function readPercent(text) {
  const value = Number(text.replace(",", ".").replace("%", "").trim() || NaN);
  if (!(value > 0 && value <= 100)) throw new Error("The share is a number over 0 and up to 100.");
  return value;
}
