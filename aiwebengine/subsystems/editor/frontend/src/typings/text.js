/** Reading types as text: enough for unions, functions, arrays, generics and objects. */

const OPENING = "([{<";
const CLOSING = ")]}>";

/** Split at a separator that stands outside brackets and quotes. */
export function splitTop(text, separator) {
  const parts = [];
  let depth = 0;
  let quote = "";
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (quote) {
      if (char === quote) quote = "";
    } else if (`"'\``.includes(char)) quote = char;
    else if (OPENING.includes(char)) depth++;
    else if (CLOSING.includes(char) && !(char === ">" && text[at - 1] === "=")) depth--;
    else if (depth === 0 && text.startsWith(separator, at)) {
      parts.push(text.slice(from, at).trim());
      from = at + separator.length;
    }
  }
  parts.push(text.slice(from).trim());
  return parts.filter(Boolean);
}

/** Take off brackets that surround the whole text. */
export function unwrap(text) {
  let shown = text.trim();
  while (shown.startsWith("(") && closing(shown) === shown.length - 1) shown = shown.slice(1, -1).trim();
  return shown;
}

/** Where the bracket that the text begins with ends, -1 if it does not. */
function closing(text) {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    if (OPENING.includes(text[at])) depth++;
    else if (CLOSING.includes(text[at]) && !(text[at] === ">" && text[at - 1] === "=") && --depth === 0) return at;
  }
  return -1;
}

/** The alternatives of a type without null, undefined and void. */
export function alternatives(type) {
  return splitTop(unwrap(type), "|")
    .map(unwrap)
    .filter((one) => !["null", "undefined", "void"].includes(one));
}

/** What a Promise settles to; any other type as it is. */
export function awaited(type) {
  const kept = [];
  for (const one of alternatives(type)) {
    const inside = /^Promise(?:Like)?<([\s\S]*)>$/.exec(one);
    kept.push(inside ? inside[1].trim() : one);
  }
  return kept.join(" | ");
}

/** A function type's parameters and result, or null for another type. */
export function functionType(type) {
  const text = unwrap(type);
  if (!text.startsWith("(")) return null;
  const end = closing(text);
  const rest = text.slice(end + 1).trim();
  if (!rest.startsWith("=>")) return null;
  return { parameters: parameters(text.slice(1, end)), result: rest.slice(2).trim() };
}

/** The parameters in a list's text (without its brackets): name and type of each. */
export function parameters(text) {
  return splitTop(text, ",").map((one) => {
    const [name, ...type] = splitTop(one, ":");
    return { name: name.replace(/\?$/, "").replace(/^\.\.\./, ""), type: type.join(": ") || "any" };
  });
}
