// piece: url-host
// needs: utf8
// Hosts of URLs: domains (with an approximation of UTS 46), IPv4 and IPv6 addresses, opaque hosts.
(function (host) {
  "use strict";
  const { percentDecode } = host.use("utf8");
  const { encodeURIComponent, RegExp } = globalThis;
  const { fromCodePoint } = String;
  const BASE = 36;
  const DIGITS = "abcdefghijklmnopqrstuvwxyz0123456789";

  // RFC 3492 section 6.1.
  function adapt(delta, points, first) {
    delta = Math.floor(delta / (first ? 700 : 2));
    delta += Math.floor(delta / points);
    let k = 0;
    for (; delta > 455; k += BASE) delta = Math.floor(delta / 35);
    return k + Math.floor((36 * delta) / (delta + 38));
  }
  const threshold = (k, bias) => (k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias);

  function punycode(label) {
    const points = Array.from(label, (character) => character.codePointAt(0));
    let out = points
      .filter((point) => point < 128)
      .map((point) => fromCodePoint(point))
      .join("");
    let handled = out.length;
    const basic = handled;
    if (basic > 0) out += "-";
    for (let n = 128, delta = 0, bias = 72; handled < points.length; delta++, n++) {
      const next = Math.min(...points.filter((point) => point >= n));
      delta += (next - n) * (handled + 1);
      n = next;
      for (const point of points) {
        if (point < n) delta++;
        if (point !== n) continue;
        let q = delta;
        for (let k = BASE; ; k += BASE) {
          const t = threshold(k, bias);
          if (q < t) break;
          out += DIGITS[t + ((q - t) % (BASE - t))];
          q = Math.floor((q - t) / (BASE - t));
        }
        out += DIGITS[q];
        bias = adapt(delta, handled + 1, handled === basic);
        delta = 0;
        handled++;
      }
    }
    return out;
  }

  // The label, or null when it is not punycode.
  function unpunycode(text) {
    const split = text.lastIndexOf("-");
    const points = split > 0 ? Array.from(text.slice(0, split), (character) => character.charCodeAt(0)) : [];
    let n = 128;
    let bias = 72;
    for (let i = 0, at = split > 0 ? split + 1 : 0; at < text.length; i++) {
      const start = i;
      for (let weight = 1, k = BASE; ; k += BASE) {
        const digit = at < text.length ? DIGITS.indexOf(text[at++]) : -1;
        if (digit < 0) return null;
        i += digit * weight;
        const t = threshold(k, bias);
        if (digit < t) break;
        weight *= BASE - t;
        if (weight > 0x7fffffff) return null;
      }
      const count = points.length + 1;
      bias = adapt(i - start, count, start === 0);
      n += Math.floor(i / count);
      i %= count;
      if (n > 0x10ffff || (n & ~0x7ff) === 0xd800) return null;
      points.splice(i, 0, n);
    }
    return fromCodePoint(...points);
  }

  // Regular expressions of Unicode properties are large; they are made when a host needs them.
  const property = (source) => new RegExp(source, "u");

  // UTS 46 mapping stood in for by lower-casing, NFKC and the ignored code points.
  function map(domain) {
    return domain
      .replace(
        /[\xad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u2060\u2064\u3164\ufe00-\ufe0f\ufeff\uffa0\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0100}-\u{e01ef}]/gu,
        "",
      )
      .replace(/[\u03a3\u03f2\u03f9]/g, "\u03c3")
      .toLowerCase()
      .normalize("NFKD")
      .replace(/\u0345/g, "\u03b9")
      .normalize("NFKC")
      .toLowerCase()
      .normalize("NFC")
      .replace(/[\uab70-\uabbf]/g, (cherokee) => fromCodePoint(cherokee.charCodeAt(0) - 0x97d0))
      .replace(/[\u13f8-\u13fd]/g, (cherokee) => fromCodePoint(cherokee.charCodeAt(0) - 8))
      .replace(/\u3002/g, ".");
  }

  // Full stops in disguise, which UTS 46 does not allow.
  const hidesStop = (domain) =>
    /[\u2024-\u2026\u2488-\u249b\u33d8\ufe12\ufe19\ufe30\ufe52\u{1f100}]/u.test(domain);

  const RTL =
    "(?:(?![\\p{M}\\u06f0-\\u06f9\\u0606\\u0607\\u0609\\u060a\\u060c\\u060e\\u060f\\u066a\\u06de\\u06e9\\u07f6-\\u07f9])[\\u0590-\\u08ff\\ufb1d-\\ufdff\\ufe70-\\ufefe\\u{10800}-\\u{10fff}\\u{1e800}-\\u{1efff}])";
  const rightToLeft = (label) => property(RTL).test(label);

  function validLabel(label) {
    if (
      property("^\\p{M}|(?![\\u200c\\u200d])[\\p{C}\\p{Z}\\u061c\\u2ff0-\\u2fff\\ufffc\\ufffd]").test(label)
    )
      return false;
    // CONTEXTJ: a joiner follows a mark (which should be a virama), the non-joiner may also stand between Arabic letters.
    if (/[\u200c\u200d]/.test(label)) {
      const arabic = "(?=\\p{L})\\p{sc=Arab}";
      const joined = `(?<=\\p{Mn}|\\p{Mc})[\\u200c\\u200d]|(?<=${arabic}\\p{Mn}*)\\u200c(?=\\p{Mn}*${arabic})`;
      if (!property(`^(?:[^\\u200c\\u200d]|${joined})*$`).test(label)) return false;
    }
    if (!rightToLeft(label)) return true;
    if (/[0-9\u06f0-\u06f9]/.test(label) && /[\u0660-\u0669]/.test(label)) return false;
    return property(`^(?!\\p{N})${RTL}(?:${RTL}|[\\p{N}\\p{M}\\p{S}\\p{P}\\u200c\\u200d])*$`).test(label);
  }

  // Domain to ASCII of the URL standard (beStrict false), or null.
  function toASCII(domain) {
    const ascii = !/[^\0-\x7f]/.test(domain);
    if (ascii && !/(^|\.)xn--/i.test(domain)) return domain.toLowerCase();
    if (hidesStop(domain)) return null;
    const labels = (ascii ? domain.toLowerCase() : map(domain)).split(".");
    let bidi = false;
    for (let i = 0; i < labels.length; i++) {
      const label = labels[i];
      if (label.startsWith("xn--")) {
        if (/[^\0-\x7f]/.test(label)) return null;
        const decoded = unpunycode(label.slice(4));
        if (
          decoded === null ||
          !/[^\0-\x7f]/.test(decoded) ||
          map(decoded) !== decoded ||
          !validLabel(decoded)
        )
          return null;
        if ("xn--" + punycode(decoded) !== label) return null;
        bidi ||= rightToLeft(decoded);
      } else if (/[^\0-\x7f]/.test(label)) {
        if (!validLabel(label)) return null;
        labels[i] = "xn--" + punycode(label);
        bidi ||= rightToLeft(label);
      }
    }
    // RFC 5893: beside a right-to-left label, the others begin with a letter and end with a letter or digit.
    if (bidi && labels.some((label) => label !== "" && !/^[a-z](?:.*[a-z\d])?$/.test(label))) return null;
    return labels.join(".");
  }

  function parseNumber(part) {
    if (/^0x[\da-f]*$/i.test(part)) return part.length === 2 ? 0 : parseInt(part.slice(2), 16);
    if (/^0[0-7]+$/.test(part)) return parseInt(part, 8);
    return /^\d+$/.test(part) && (part[0] !== "0" || part === "0") ? parseInt(part, 10) : NaN;
  }

  // The serialized address, null when it is malformed.
  function parseIPv4(text) {
    const parts = text.split(".");
    if (parts.length > 1 && parts.at(-1) === "") parts.pop();
    if (parts.length > 4) return null;
    const numbers = parts.map(parseNumber);
    const last = numbers.pop();
    if (!(last < 256 ** (4 - numbers.length))) return null;
    let address = last;
    for (let i = 0; i < numbers.length; i++) {
      if (!(numbers[i] <= 255)) return null;
      address += numbers[i] * 256 ** (3 - i);
    }
    return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");
  }

  function parseIPv6(text) {
    const halves = text.split("::");
    if (halves.length > 2) return null;
    const sides = [];
    for (const [index, half] of halves.entries()) {
      const side = [];
      const groups = half === "" ? [] : half.split(":");
      for (let i = 0; i < groups.length; i++) {
        const group = groups[i];
        if (i === groups.length - 1 && index === halves.length - 1 && group.includes(".")) {
          const four = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(group)?.slice(1);
          if (!four || four.some((part) => part > 255 || /^0\d/.test(part))) return null;
          side.push(four[0] * 256 + +four[1], four[2] * 256 + +four[3]);
        } else if (/^[\da-f]{1,4}$/i.test(group)) side.push(parseInt(group, 16));
        else return null;
      }
      sides.push(side);
    }
    const [head, tail] = sides;
    if (tail === undefined) return head.length === 8 ? serializeIPv6(head) : null;
    const missing = 8 - head.length - tail.length;
    return missing < 1 ? null : serializeIPv6([...head, ...new Array(missing).fill(0), ...tail]);
  }

  function serializeIPv6(pieces) {
    let best = -1;
    let longest = 1;
    for (let i = 0; i < 8; i++) {
      let end = i;
      while (end < 8 && pieces[end] === 0) end++;
      if (end - i > longest) {
        best = i;
        longest = end - i;
      }
      if (end > i) i = end;
    }
    const hex = pieces.map((piece) => piece.toString(16));
    if (best < 0) return `[${hex.join(":")}]`;
    return `[${hex.slice(0, best).join(":")}::${hex.slice(best + longest).join(":")}]`;
  }

  const encodeControls = (text) =>
    text.replace(/[^\x20-\x7e]/gu, (c) =>
      c < "\x80" ? "%" + c.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0") : encodeURIComponent(c),
    );

  // The serialized host, or null.
  function parseHost(text, special) {
    if (text[0] === "[") return text.endsWith("]") ? parseIPv6(text.slice(1, -1)) : null;
    if (!special) return /[\0\t\n\r #/:<>?@[\\\]^|]/.test(text) ? null : encodeControls(text);
    const domain = toASCII(percentDecode(text));
    if (domain === null || domain === "" || /[\0-\x20#%/:<>?@[\\\]^|\x7f]/.test(domain)) return null;
    const labels = domain.split(".");
    if (labels.length > 1 && labels.at(-1) === "") labels.pop();
    const last = labels.at(-1);
    return /^(?:\d+|0x[\da-f]*)$/i.test(last) ? parseIPv4(domain) : domain;
  }

  return { parseHost };
})
