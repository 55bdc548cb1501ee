/** The engine's assets: files by name, and everything that changes them. */

import { call, json, send } from "./api.js";
import { kindOf } from "./http.js";
import { uploading } from "./upload.js";

/** How many are asked for at a time. */
export const PAGE = 100;
/** The longest text that is edited, in bytes. */
export const MOST_EDITED = 1024 * 1024;

const MOST_NAME_BYTES = 512;

/** The path of an asset in the management API. */
export const assetPath = (name, query = "") => `/engine/assets/${encodeURIComponent(name)}${query}`;

/** Asks for assets and changes them; tells `bus` of "assets" after each change. */
export class Assets {
  constructor(bus) {
    this.bus = bus;
  }

  /** Names with a prefix, by name: `{assets, next}`; `next` is the `after` that continues, null at the end. */
  list({ prefix = "", after = "", limit = PAGE, signal } = {}) {
    const query = new URLSearchParams({ limit });
    if (prefix) query.set("prefix", prefix);
    if (after) query.set("after", after);
    return json(`/engine/assets?${query}`, { signal });
  }

  /** One asset's record, null when there is none. */
  async find(name) {
    // The first by name that begins so is the name itself, if there is one. (A question for it alone would
    // leave a 404 in the browser's console where there is none.)
    const { assets } = await this.list({ prefix: name, limit: 1 });
    return assets[0]?.name === name ? assets[0] : null;
  }

  /** Which of these names are taken. */
  async taken(names) {
    const found = [];
    for (const name of names) {
      if (await this.find(name)) found.push(name);
    }
    return found;
  }

  /** Its bytes, and the SHA-256 that a change must name: `{bytes, sha256}`. */
  async read(name) {
    const response = await call(assetPath(name), { headers: { Accept: "*/*" } });
    return { bytes: new Uint8Array(await response.arrayBuffer()), sha256: (response.headers.get("ETag") ?? "").replace(/^W\/|"/g, "") };
  }

  /**
   * Store a body over a content that must be the present one ("": there must be none); gives the record.
   *
   * `open` is whether it is served to everybody; without it as before, and a new one is.
   */
  async write(name, body, { type, over = "", open } = {}) {
    const headers = over ? { "If-Match": `"${over}"` } : { "If-None-Match": "*" };
    if (type) headers["Content-Type"] = type;
    return this.changed(json(assetPath(name, publicly(open)), { method: "PUT", body, headers }));
  }

  /** Store files below a prefix, all of them or none; `open` is as for `write`. Gives their records. */
  async upload(files, { prefix = "", open, progress = () => {}, signal } = {}) {
    const form = new FormData();
    // Fields come before files, so that the engine knows the prefix when a file begins.
    if (prefix) form.append("prefix", prefix);
    for (const file of files) form.append("file", file, file.name);
    const { assets } = await this.changed(json(`/engine/assets${publicly(open)}`, { method: "POST", body: form, signal, by: uploading(progress) }));
    return assets;
  }

  /** Change what is known of an asset: `public`, `content_type`, `metadata`; gives the record. */
  change(record, what) {
    return this.changed(send(assetPath(record.name), what, { method: "PATCH", headers: { "If-Match": `"${record.sha256}"` } }));
  }

  /** Delete a content, which must be the present one. */
  async remove(record) {
    await this.changed(call(assetPath(record.name), { method: "DELETE", headers: { "If-Match": `"${record.sha256}"` } }));
  }

  /** Give an asset another name: it is stored under that, then deleted under this; gives the new record. */
  async rename(record, to) {
    const { bytes, sha256 } = await this.read(record.name);
    let renamed = await this.write(to, bytes, { type: record.content_type, open: record.public });
    if (Object.keys(record.metadata).length) renamed = await this.change(renamed, { metadata: record.metadata });
    await this.remove({ ...record, sha256 });
    return renamed;
  }

  async changed(change) {
    const answer = await change;
    this.bus.tell("assets");
    return answer;
  }
}

const publicly = (open) => (open === undefined ? "" : `?public=${open}`);

/** What is wrong with an asset's name, "" if nothing is. */
export function wrongAssetName(name) {
  if (!name) return "A name is needed.";
  if (new TextEncoder().encode(name).length > MOST_NAME_BYTES) return `At most ${MOST_NAME_BYTES} bytes.`;
  if (/[\u0000-\u001f\u007f\\]/.test(name)) return "No backslashes and no control characters.";
  const steps = name.split("/");
  if (steps.includes("")) return "No slash at either end, and no two in a row.";
  if (steps.includes(".") || steps.includes("..")) return "No step may be “.” or “..”.";
  return "";
}

/** A prefix as it is sent: a folder ends with one slash. */
export function folder(typed) {
  const name = typed.trim().replace(/^\/+|\/+$/g, "");
  return name && `${name}/`;
}

/** How an asset can be looked at: "image", "text" or "bytes"; SVG is an image that can be edited as text. */
export function lookOf(type) {
  const kind = kindOf(type);
  if (kind === "image") return "image";
  return kind === "bytes" ? "bytes" : "text";
}

/** Whether it is edited as text here. */
export const isText = ({ content_type: type }) => lookOf(type) === "text" || /^image\/svg\+xml\b/i.test(type);

const TYPES = {
  css: "text/css",
  csv: "text/csv",
  htm: "text/html",
  html: "text/html",
  js: "text/javascript",
  json: "application/json",
  map: "application/json",
  md: "text/markdown",
  mjs: "text/javascript",
  svg: "image/svg+xml",
  webmanifest: "application/manifest+json",
  xml: "application/xml",
};

/** The type of a text by its name. */
export function typeOf(name) {
  const type = TYPES[/\.(\w+)$/.exec(name)?.[1].toLowerCase()] ?? "text/plain";
  return type.startsWith("text/") ? `${type}; charset=utf-8` : type;
}

/** The language of a type, for colours: "css", "html", "javascript" (JSON too) or "". */
export function languageOf(type) {
  const essence = type.split(";")[0].trim().toLowerCase();
  if (essence === "text/css") return "css";
  if (/html$|xml$/.test(essence)) return "html";
  return /javascript$|typescript$|json$|manifest/.test(essence) ? "javascript" : "";
}

/**
 * Bytes as a text that can be edited: `{text, separator, mixed}`; null when they are not UTF-8.
 *
 * `separator` is what ends its lines. Lines that end in different ways (`mixed`) will all end with "\n" when it is saved.
 */
export function readText(bytes) {
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
  const mixed = /\r(?!\n)/.test(text) || (text.includes("\r\n") && /(?<!\r)\n/.test(text));
  return { text, separator: text.includes("\r\n") && !mixed ? "\r\n" : "\n", mixed };
}
