"use strict";
// The interactive reference: reads /engine/openapi.json with the key of this tab and lets each operation be tried.
(() => {
  const KEY = "aiwebengine.key";
  const byId = (id) => document.getElementById(id);
  const state = byId("state");

  function element(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key === "class") made.className = value;
      else if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
      else if (value !== false && value !== undefined) made.setAttribute(key, value === true ? "" : value);
    }
    made.append(...children);
    return made;
  }

  // Text with `code` in it.
  const marked = (text) => text.split("`").map((part, index) => (index % 2 ? element("code", {}, part) : part));
  const say = (text, bad = false) => { state.textContent = text; state.className = bad ? "bad" : ""; };
  const key = () => sessionStorage.getItem(KEY) || "";
  const headers = () => ({ Authorization: `Bearer ${key()}` });

  // ---- schemas, as short text ----
  function resolve(document_, schema) {
    const name = schema && schema.$ref && schema.$ref.split("/").pop();
    return name ? document_.components.schemas[name] : schema;
  }
  function outline(document_, schema, depth = 0) {
    const found = resolve(document_, schema) || {};
    if (found.anyOf) return found.anyOf.map((one) => outline(document_, one, depth)).join(" | ");
    if (found.enum) return found.enum.map((one) => JSON.stringify(one)).join(" | ");
    if (found.const !== undefined) return JSON.stringify(found.const);
    if (found.type === "array") return `[${outline(document_, found.items || {}, depth)}]`;
    if (found.type === "object" && found.properties) {
      if (depth > 3) return "{…}";
      const pad = "  ".repeat(depth + 1);
      const needed = new Set(found.required || []);
      const lines = Object.entries(found.properties).map(([name, one]) =>
        `${pad}${JSON.stringify(name)}${needed.has(name) ? "" : "?"}: ${outline(document_, one, depth + 1)}`);
      return `{\n${lines.join(",\n")}\n${"  ".repeat(depth)}}`;
    }
    if (found.type === "object" && found.additionalProperties) {
      return `{string: ${outline(document_, found.additionalProperties, depth)}}`;
    }
    return String(found.type || "any");
  }
  function example(document_, schema) {
    const found = resolve(document_, schema) || {};
    if (found.anyOf) return example(document_, found.anyOf[0]);
    if (found.enum) return found.enum[0];
    if (found.default !== undefined) return found.default;
    if (found.type === "object") {
      return Object.fromEntries((found.required || []).map((name) => [name, example(document_, found.properties[name])]));
    }
    if (found.type === "array") return [];
    return { integer: 1, number: 1, boolean: false, string: "" }[found.type] ?? null;
  }

  // ---- one operation ----
  function field(id, parameter) {
    const input = element("input", {
      id, name: parameter.name, required: parameter.required, autocomplete: "off", spellcheck: "false",
      "data-place": parameter.in, "aria-describedby": `${id}-hint`,
    });
    const options = parameter.schema && parameter.schema.enum ? ` (${parameter.schema.enum.join(", ")})` : "";
    return [
      element("label", { for: id }, `${parameter.name} `, element("span", { class: "hint" }, `${parameter.in}${parameter.required ? ", required" : ""}`)),
      input,
      element("div", { class: "hint", id: `${id}-hint` }, ...marked((parameter.description || "") + options)),
    ];
  }

  async function send(form, path, method, media, output) {
    let target = path;
    const query = new URLSearchParams();
    const sent = headers();
    for (const input of form.querySelectorAll("input")) {
      if (input.value === "") continue;
      const { place } = input.dataset;
      if (place === "path") target = target.replace(`{${input.name}}`, encodeURIComponent(input.value));
      else if (place === "query") query.set(input.name, input.value);
      else sent[input.name] = input.value;
    }
    const accept = form.querySelector("select");
    if (accept) sent.Accept = accept.value;
    const options = { method, headers: sent, cache: "no-store" };
    const body = form.querySelector("textarea");
    if (body) { options.body = body.value; sent["Content-Type"] = media; }
    const search = query.toString();
    const url = target + (search ? `?${search}` : "");
    const started = performance.now();
    output.replaceChildren(element("p", {}, `${method} ${url} …`));
    try {
      const aborting = new AbortController();
      const response = await fetch(url, { ...options, signal: aborting.signal });
      const type = response.headers.get("content-type") || "";
      let text;
      if (type.startsWith("text/event-stream")) {
        // A stream has no end: what comes within five seconds is shown.
        setTimeout(() => aborting.abort(), 5000);
        text = await readFor(response);
      } else text = await response.text();
      const took = Math.round(performance.now() - started);
      if (type.startsWith("application/json")) {
        try { text = JSON.stringify(JSON.parse(text), null, 2); } catch { /* shown as it came */ }
      }
      const extra = ["etag", "retry-after", "x-request-id"].map((name) => [name, response.headers.get(name)])
        .filter(([, value]) => value).map(([name, value]) => `${name}: ${value}`).join("\n");
      output.replaceChildren(
        element("p", { class: response.ok ? "good" : "bad" }, `${response.status} ${response.statusText} · ${took} ms`),
        element("pre", { tabindex: "0", "aria-label": "Headers" }, extra),
        element("pre", { tabindex: "0", "aria-label": "Body" }, text || "(empty)"));
    } catch (error) {
      output.replaceChildren(element("p", { class: "bad" }, String(error)));
    }
  }
  async function readFor(response) {
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    try {
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return text;
        text += value;
      }
    } catch { return text; }
  }

  function operation(document_, path, method, found) {
    const id = found.operationId;
    const body = found.requestBody && Object.entries(found.requestBody.content)[0];
    const output = element("div", { role: "status", "aria-live": "polite" });
    const form = element("form", {
      onsubmit: (event) => { event.preventDefault(); send(form, path, method, body && body[0], output); },
    });
    for (const [index, parameter] of (found.parameters || []).entries()) {
      form.append(...field(`${id}-${index}`, parameter));
    }
    if (body) {
      const [media, { schema }] = body;
      const area = element("textarea", { id: `${id}-body`, spellcheck: "false" });
      area.value = media === "application/json" ? JSON.stringify(example(document_, schema), null, 2) : "";
      form.append(element("label", { for: `${id}-body` }, `Body (${media})`), area);
    }
    const medias = Object.keys((found.responses["200"] || {}).content || {});
    if (medias.length > 1) {
      const select = element("select", { id: `${id}-accept` }, ...medias.map((one) => element("option", {}, one)));
      form.append(element("label", { for: `${id}-accept` }, "Accept"), select);
    }
    form.append(element("p", {}, element("button", { type: "submit", "aria-label": `Send ${method} ${path}` }, "Send")));
    const rows = Object.entries(found.responses).map(([status, answer]) => element("tr", {},
      element("th", { scope: "row" }, status), element("td", {}, ...marked(answer.description), ...shapes(document_, answer))));
    return element("section", { id: `operation-${id}`, "aria-labelledby": `${id}-title` },
      element("h3", { id: `${id}-title` }, element("span", { class: "method" }, method), " ", element("code", {}, path)),
      element("p", {}, ...marked(`${found.summary}. ${found.description || ""}`)),
      element("details", {}, element("summary", {}, "Answers"),
        element("table", {}, element("thead", {}, element("tr", {},
          element("th", { scope: "col" }, "Status"), element("th", { scope: "col" }, "Meaning"))),
        element("tbody", {}, ...rows))),
      element("details", {}, element("summary", {}, "Try it"), form, output));
  }
  function shapes(document_, answer) {
    return Object.entries(answer.content || {}).map(([media, { schema }]) =>
      element("pre", { tabindex: "0", "aria-label": `Shape of ${media}` }, `${media}\n${outline(document_, schema)}`));
  }

  // ---- the page ----
  function show(document_) {
    const groups = new Map(document_.tags.map(({ name }) => [name, []]));
    for (const [path, methods] of Object.entries(document_.paths)) {
      for (const [method, found] of Object.entries(methods)) {
        groups.get(found.tags[0]).push([path, method.toUpperCase(), found]);
      }
    }
    const main = [], contents = [];
    for (const [name, operations] of groups) {
      main.push(element("h2", {}, name));
      for (const [path, method, found] of operations) {
        main.push(operation(document_, path, method, found));
        contents.push(element("li", {}, element("a", { href: `#operation-${found.operationId}` }, found.summary)));
      }
    }
    byId("operations").replaceChildren(...main);
    byId("contents").replaceChildren(element("ul", {}, ...contents));
    say(`${document_.info.title}, version ${document_.info.version}.`);
  }

  async function load() {
    if (!key()) return;
    say("Reading the description…");
    const response = await fetch("/engine/openapi.json", { headers: headers() });
    if (response.ok) { show(await response.json()); return; }
    if (response.status === 401) sessionStorage.removeItem(KEY);
    const answer = await response.json().catch(() => null);
    say(answer ? answer.error.message : `The engine answered ${response.status}.`, true);
  }

  byId("access").addEventListener("submit", (event) => {
    event.preventDefault();
    sessionStorage.setItem(KEY, byId("key").value.trim());
    byId("key").value = "";
    load().catch((error) => say(String(error), true));
  });
  byId("forget").addEventListener("click", () => {
    sessionStorage.removeItem(KEY);
    byId("operations").replaceChildren();
    byId("contents").replaceChildren();
    say("The key is forgotten.");
  });
  // A link may bring the key behind the #, which is never sent to a server.
  const given = new URLSearchParams(location.hash.slice(1)).get("key");
  if (given) {
    sessionStorage.setItem(KEY, given);
    history.replaceState(null, "", location.pathname);
  }
  load().catch((error) => say(String(error), true));
})();
