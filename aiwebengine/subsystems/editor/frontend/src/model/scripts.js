/** The engine's scripts as last seen, and everything that changes them. */

import { call, json, scriptPath, send } from "./api.js";

/** Keeps the list of scripts; tells `bus` of "scripts" when it changed, of "canaries" whenever there are figures of some. */
export class Scripts {
  constructor(bus) {
    this.bus = bus;
    this.records = new Map();
    this.seen = "";
  }

  /** One script's record, or undefined. */
  get(uri) {
    return this.records.get(uri);
  }

  /** All records, by URI. */
  all() {
    return [...this.records.values()];
  }

  /** Look again. */
  async refresh() {
    const { scripts } = await json("/engine/scripts");
    const before = this.records;
    this.records = new Map(scripts.map((record) => [record.uri, record]));
    // A canary's figures change all the time and concern few; whether there is one, and its share, are news.
    const seen = JSON.stringify(scripts.map((record) => ({ ...record, canary: record.canary && [record.canary.version, record.canary.percent] })));
    if (seen !== this.seen) {
      this.seen = seen;
      this.bus.tell("scripts", scripts);
    }
    if ([...before.values(), ...scripts].some((record) => record.canary)) this.bus.tell("canaries", before);
  }

  /** A script's source and version (the newest, or one of them); raises ApiError 404. */
  async read(uri, version) {
    const response = await call(scriptPath(uri, version ? `?version=${version}` : ""), { headers: { Accept: "application/javascript" } });
    return { source: await response.text(), version: Number(response.headers.get("ETag")?.replaceAll('"', "") ?? version ?? 0) };
  }

  /** Store a source over a version that must be the newest (0: there must be none); gives the record. */
  async save(uri, source, version, message = "") {
    const headers = { "Content-Type": "application/javascript" };
    headers[version ? "If-Match" : "If-None-Match"] = version ? `"${version}"` : "*";
    const query = message ? `?message=${encodeURIComponent(message)}` : "";
    return json(scriptPath(uri, query), { method: "PUT", body: source, headers });
  }

  /** Put a source on trial beside a version, which must be the newest, with a share of the requests in percent; gives the record. */
  saveCanary(uri, source, version, percent, message = "") {
    const headers = { "Content-Type": "application/javascript", "If-Match": `"${version}"` };
    const query = new URLSearchParams({ canary: percent, ...(message && { message }) });
    return json(scriptPath(uri, `?${query}`), { method: "PUT", body: source, headers });
  }

  /** Do something to a script's canary: "promote", "abort", or "percent" with a new share; gives the record. */
  actOnCanary(uri, action, more = {}) {
    return send(scriptPath(uri, "/canary"), { action, ...more });
  }

  /** Delete a version, which must be the newest. */
  async remove(uri, version) {
    await call(scriptPath(uri), { method: "DELETE", headers: version ? { "If-Match": `"${version}"` } : {} });
  }

  /**
   * Give a script another name in one step, so that its routes are never unanswered; only if neither changed
   * in the meantime (ApiError 412).
   */
  async rename(from, to) {
    const { source, version } = await this.read(from);
    const expected = { [from]: version, [to]: 0 };
    await send("/engine/batch", { scripts: { [from]: null, [to]: source }, message: `renamed from ${from}`, expected });
  }

  /** A script's versions, newest first. */
  async versions(uri) {
    return (await json(scriptPath(uri, "/versions"))).versions;
  }

  /** Make an older version the newest; gives the record. */
  rollBack(uri, version) {
    return send(scriptPath(uri, "/rollback"), { version });
  }

  /** What the engine says of a source, nothing stored: `{ok, diagnostics, routes}`. */
  check(uri, source, signal) {
    return json(`/engine/check?uri=${encodeURIComponent(uri)}`, { method: "POST", body: source, signal, headers: { "Content-Type": "application/javascript" } });
  }
}

const PATTERN = /^[A-Za-z0-9\-_./:~@]{1,200}$/;

/** What is wrong with a script's name, "" if nothing is. */
export function wrongUri(uri) {
  if (!uri) return "A name is needed.";
  if (uri.length > 200) return "At most 200 characters.";
  if (!PATTERN.test(uri)) return "Letters, digits and - _ . / : ~ @ only.";
  if (uri.includes("..")) return "Two dots in a row are not allowed.";
  if (/\/\//.test(uri.replace(/^[A-Za-z][\w.+-]*:\/\//, ""))) return "Two slashes are allowed after a scheme only.";
  return "";
}
