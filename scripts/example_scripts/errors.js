// What failures look like. An uncaught error is a 500 with the message, the line and the stack in development; a limit
// says which one it was, and which setting changes it. registerErrorHandler lets a script answer its own errors.

class Refusal extends Error {
  constructor(status, message) {
    super(message);
    this.name = "Refusal";
    this.status = status;
  }
}

// Given every uncaught error of this script's handlers. What it does not know it throws on.
function onError(error, request) {
  if (!(error instanceof Refusal)) throw error;
  return { status: error.status, body: { sorry: error.message, path: request.path } };
}
registerErrorHandler(onError);

register("/errors/teapot", () => {
  throw new Refusal(418, "I'm a teapot");
});

register("/errors/throw", () => {
  const user = null;
  return user.name; // TypeError: 500 SCRIPT_ERROR, with this line's number
});

register("/errors/rejected", async () => {
  await Promise.reject(new RangeError("promises are watched, too"));
});

register("/errors/nothing", () => {}); // no result: 500 SCRIPT_ERROR says so

register("/errors/loop", () => {
  for (;;); // 504 SCRIPT_TIMEOUT: javascript.execution_timeout_ms
});

register("/errors/deep", () => {
  const deeper = (n) => 1 + deeper(n + 1);
  return String(deeper(0)); // 500 SCRIPT_STACK_OVERFLOW: javascript.stack_size_bytes
});

register("/errors/hungry", () => {
  const kept = [];
  for (;;) kept.push(new Uint8Array(1_000_000)); // 500 SCRIPT_MEMORY_LIMIT: javascript.memory_limit_bytes
});

register("/errors/members-only", () => {
  auth.requireAuth(); // 401 UNAUTHORIZED for a client that wants JSON
  return "welcome\n";
});
