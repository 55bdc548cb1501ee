/** Requests as people write them, answers as people read them. */

/** Read lines of `Name: value`; raises Error naming the line that is none. */
export function readHeaders(text) {
  const pairs = [];
  text.split("\n").forEach((line, index) => {
    if (!line.trim()) return;
    const found = /^\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*:\s*(.*?)\s*$/.exec(line);
    if (!found) throw new Error(`Header line ${index + 1} is not “Name: value”.`);
    pairs.push([found[1], found[2]]);
  });
  return pairs;
}

// Names that a page may not set (fetch drops them silently).
const FORBIDDEN =
  /^(?:accept-charset|accept-encoding|access-control-request-.*|connection|content-length|cookie|date|dnt|expect|host|keep-alive|origin|referer|set-cookie|te|trailer|transfer-encoding|upgrade|via|proxy-.*|sec-.*)$/i;

/** The names among header pairs that a browser does not let a page send. */
export const unsendable = (pairs) => pairs.map(([name]) => name).filter((name) => FORBIDDEN.test(name));

/** The parts of a path that stand for something: `:id`, `*rest`. */
export const placeholders = (path) => path.split("?")[0].match(/\/(:[A-Za-z_]\w*|\*\w*)/g)?.map((part) => part.slice(1)) ?? [];

/** What a body is, by its type: "json", "text", "image", "events" or "bytes". */
export function kindOf(contentType) {
  const type = (contentType ?? "").split(";")[0].trim().toLowerCase();
  if (type === "text/event-stream") return "events";
  if (type === "application/json" || type.endsWith("+json")) return "json";
  if (/^image\/(?:png|jpeg|gif|webp|avif|bmp|svg\+xml|x-icon|vnd\.microsoft\.icon)$/.test(type)) return "image";
  if (!type || type.startsWith("text/") || /(?:javascript|typescript|xml|x-www-form-urlencoded|graphql|yaml|x-ndjson)$/.test(type)) return "text";
  return "bytes";
}

/** JSON with indentation, or the text as it is when it is none. */
export function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** The first bytes as a table of hexadecimal and characters, `width` of them in a row. */
export function hexDump(bytes, most = 4096, width = 16) {
  const lines = [];
  for (let at = 0; at < Math.min(bytes.length, most); at += width) {
    const row = [...bytes.subarray(at, at + width)];
    const hex = row.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const shown = row.map((byte) => (byte > 31 && byte < 127 ? String.fromCharCode(byte) : "·")).join("");
    lines.push(`${at.toString(16).padStart(6, "0")}  ${hex.padEnd(width * 3 - 1)}  ${shown}`);
  }
  if (bytes.length > most) lines.push(`… ${bytes.length - most} more bytes`);
  return lines.join("\n");
}
