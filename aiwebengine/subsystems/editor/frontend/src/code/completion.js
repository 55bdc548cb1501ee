/** Completion and hover signatures out of the engine's typings and the script itself. */

import { completeFromList, ifNotIn, snippetCompletion } from "@codemirror/autocomplete";
import { localCompletionSource, scopeCompletionSource } from "@codemirror/lang-javascript";
import { syntaxTree } from "@codemirror/language";
import { hoverTooltip } from "@codemirror/view";
import { h } from "../ui/dom.js";
import { Resolver } from "../typings/resolve.js";

const NOT_IN = ["String", "TemplateString", "LineComment", "BlockComment", "PropertyDefinition", "RegExp"];
const KINDS = { function: "function", method: "method", property: "property", variable: "variable", class: "class", namespace: "namespace" };

// Of the browser's own globals only what every JavaScript has: scripts have no window and no document.
const LANGUAGE =
  "Array ArrayBuffer BigInt Boolean DataView Date Error Float64Array Infinity Int32Array JSON Map Math NaN Number Object " +
  "Promise Proxy RangeError Reflect RegExp Set String Symbol SyntaxError TypeError Uint8Array WeakMap WeakRef WeakSet " +
  "decodeURIComponent encodeURIComponent globalThis isFinite isNaN parseFloat parseInt undefined";
const languageGlobals = Object.fromEntries(LANGUAGE.split(" ").map((name) => [name, globalThis[name]]));
languageGlobals.globalThis = {};

const KEYWORDS =
  "async await break case catch class const continue default delete do else extends false finally for function if " +
  "import in instanceof let new null of return static super switch this throw true try typeof var while yield";

const templates = [
  snippetCompletion('register("/${path}", (req) => {\n\treturn { body: ${} };\n}, "${GET}");', {
    label: "register route",
    detail: "a route with its handler",
    type: "text",
  }),
  snippetCompletion("function ${name}(${}) {\n\t${}\n}", { label: "function", detail: "definition", type: "keyword" }),
  snippetCompletion("for (const ${item} of ${items}) {\n\t${}\n}", { label: "for…of", detail: "loop", type: "keyword" }),
  snippetCompletion("try {\n\t${}\n} catch (error) {\n\t${}\n}", { label: "try", detail: "/ catch", type: "keyword" }),
  snippetCompletion("if (${}) {\n\t${}\n}", { label: "if", detail: "block", type: "keyword" }),
];

/** Completion sources; `typings()` gives what is known at that time. */
export function completionSources(typings) {
  const words = KEYWORDS.split(" ").map((label) => ({ label, type: "keyword" }));
  return [
    (context) => members(context, typings()),
    ifNotIn([...NOT_IN, "PropertyName", "."], (context) => globals(context, typings())),
    ifNotIn([...NOT_IN, "PropertyName", "."], completeFromList([...words, ...templates])),
    localCompletionSource,
    scopeCompletionSource(languageGlobals),
  ];
}

function globals(context, typings) {
  const word = context.matchBefore(/[\w$]+/);
  if (!word && !context.explicit) return null;
  const options = [...typings.globals.values()].map((one) => option(one, 2));
  return { from: word ? word.from : context.pos, options, validFor: /^[\w$]*$/ };
}

function members(context, typings) {
  const tree = syntaxTree(context.state);
  const node = tree.resolveInner(context.pos, -1);
  if (["String", "TemplateString", "LineComment", "BlockComment"].includes(node.name)) return null;
  const member = node.name === "MemberExpression" ? node : node.parent;
  if (member?.name !== "MemberExpression" || !["PropertyName", ".", "?.", "MemberExpression", "⚠"].includes(node.name)) return null;
  const resolver = new Resolver(typings, context.state.doc.toString(), tree);
  const found = [...resolver.members(resolver.typeOf(member.firstChild)).values()];
  if (!found.length) return null;
  const from = node.name === "PropertyName" ? node.from : context.pos;
  return { from, options: found.map((one) => option(one, 1)), validFor: /^[\w$]*$/ };
}

function option(declared, boost) {
  const signature = declared.signatures[0];
  const detail = signature.startsWith(declared.name) ? signature.slice(declared.name.length) : signature.replace(/^const [^:]*/, "");
  return {
    label: declared.name,
    type: KINDS[declared.kind],
    detail: detail.length > 48 ? `${detail.slice(0, 47)}…` : detail,
    boost,
    info: declared.doc || declared.signatures.length > 1 || detail.length > 48 ? () => described(declared) : undefined,
  };
}

/** Show what a name is when the pointer rests on it. */
export function signatureHover(typings) {
  return hoverTooltip((view, position) => {
    const source = view.state.doc.toString();
    const found = new Resolver(typings(), source, syntaxTree(view.state)).at(position);
    if (!found) return null;
    return { pos: found.from, end: found.to, above: true, create: () => ({ dom: described(found.declared) }) };
  });
}

function described(declared) {
  const signatures = declared.signatures.map((text) => h("code", { class: "signature" }, text));
  return h("div", { class: "described" }, signatures, declared.doc && h("p", {}, declared.doc));
}
