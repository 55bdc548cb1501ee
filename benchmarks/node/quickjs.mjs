// QuickJS compiled to WebAssembly, inside node, with a new context for each request: isolation as is usual there.
import http from "node:http";
import { getQuickJS } from "quickjs-emscripten";
import { readFileSync } from "node:fs";
import { announce } from "./port_file.mjs";

const source = readFileSync(new URL("../javascript/small.js", import.meta.url), "utf8");
const QuickJS = await getQuickJS();
const runtime = QuickJS.newRuntime();
runtime.setMemoryLimit(16 * 1024 * 1024);

// `register` stands in for the engine's: it remembers the handler, which is then called with the request.
const prelude = "let __handler; function register(path, handler) { __handler = handler; }\n";
const call = (request) => `\n;JSON.stringify(__handler(${JSON.stringify(request)}))`;

const server = http.createServer((request, response) => {
  const context = runtime.newContext();
  try {
    const url = new URL(request.url, "http://localhost");
    const shown = { method: request.method, path: url.pathname, query: Object.fromEntries(url.searchParams) };
    shown.headers = request.headers;
    const handle = context.unwrapResult(context.evalCode(prelude + source + call(shown)));
    const result = JSON.parse(context.getString(handle));
    handle.dispose();
    const body = JSON.stringify(result.body);
    response.writeHead(result.status, {
      "Content-Type": "application/json",
      "Content-Length": Buffer.byteLength(body),
    });
    response.end(body);
  } finally {
    context.dispose();
  }
});
server.listen(0, "127.0.0.1", () => announce(server));
