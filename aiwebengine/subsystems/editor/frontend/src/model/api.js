/** The management API. Every call carries the key; a 401 asks for another one and tries again. */

import { storedKey } from "./session.js";

/** An answer that is an error: `status`, `code`, `message`, `details`. */
export class ApiError extends Error {
  constructor(status, code, message, details) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.details = details ?? {};
  }
}

let signIn = async () => {};
let asking = null;

/** Have `ask()` called when the key is refused; it comes back when there is another one. */
export function onRefusal(ask) {
  signIn = ask;
}

/** The path of a script, or of something below it. */
export const scriptPath = (uri, below = "") => `/engine/scripts/${encodeURIComponent(uri)}${below}`;

/** Ask the engine, by `by` instead of fetch if given; gives the Response, raises ApiError for an error. */
export async function call(path, { method = "GET", body, headers = {}, signal, by = fetch } = {}) {
  for (;;) {
    // A key known to be wrong is not tried again: the engine shuts out an address that brings too many.
    if (asking) await asking;
    const key = storedKey();
    let response;
    try {
      const sent = { Authorization: `Bearer ${key}`, Accept: "application/json", ...headers };
      response = await by(path, { method, body, signal, headers: sent, cache: "no-store", credentials: "same-origin" });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new ApiError(0, "UNREACHABLE", "The engine does not answer.");
    }
    if (response.status === 401) {
      if (key === storedKey())
        asking ??= signIn(key).finally(() => {
          asking = null;
        });
      continue;
    }
    if (response.ok) return response;
    throw await failure(response);
  }
}

/** Ask for JSON. */
export async function json(path, options) {
  const response = await call(path, options);
  return response.status === 204 ? null : response.json();
}

/** Send JSON and ask for JSON. */
export function send(path, data, options = {}) {
  const headers = { "Content-Type": "application/json", ...options.headers };
  return json(path, { method: "POST", ...options, headers, body: JSON.stringify(data) });
}

async function failure(response) {
  const text = await response.text();
  try {
    const { error } = JSON.parse(text);
    return new ApiError(response.status, error.code, error.message, error.details);
  } catch {
    return new ApiError(response.status, "", `${response.status} ${text.slice(0, 200) || response.statusText}`.trim());
  }
}
