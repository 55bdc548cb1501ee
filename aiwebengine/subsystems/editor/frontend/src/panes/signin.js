/** Asking for the API key. */

import { keepKey } from "../model/session.js";
import { ask } from "../ui/dialog.js";
import { h } from "../ui/dom.js";

/** Ask until a key is right. `refused` is one that was not accepted, "" when there was none. */
export async function signIn(refused) {
  const field = h("input", { type: "password", id: "api-key", class: "field", autocomplete: "off", spellcheck: "false", "aria-describedby": "api-key-help", required: true });
  const content = [
    refused && h("p", { class: "field-error" }, "The engine does not accept this key."),
    h("label", { for: "api-key" }, "API key"),
    field,
    h(
      "p",
      { class: "hint", id: "api-key-help" },
      "It is the setting ",
      h("code", {}, "security.api_key"),
      "; a development engine without one prints an address with a key when it starts. This tab keeps it until it is closed.",
    ),
  ];
  const accept = async () => {
    const key = field.value.trim();
    if (!/^[\x21-\x7e]+$/.test(key)) throw new Error("This cannot be a key.");
    const response = await fetch("/engine/scripts", { headers: { Authorization: `Bearer ${key}` }, cache: "no-store" });
    if (response.status === 401) {
      field.select();
      throw new Error("The engine does not accept this key.");
    }
    if (!response.ok) throw new Error((await response.json().catch(() => null))?.error?.message ?? `The engine answers ${response.status}.`);
    keepKey(key);
    return key;
  };
  await ask({ title: "Sign in", kind: "sign-in", dismissible: false, content, actions: [{ label: "Sign in", value: accept, kind: "primary" }], opened: () => field.focus() });
}
