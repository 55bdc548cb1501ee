/** Modal dialogs on the browser's own element: focus stays inside, Escape closes, focus goes back. */

import { fill, h } from "./dom.js";

/**
 * Show a dialog and wait: gives the `value` of the action chosen, null when it was dismissed.
 *
 * `actions` is `[{label, value, kind?, disabled?}]`; one of kind "primary" answers Enter in a form's field.
 * `value` may be a function, called when the action is chosen; when it gives undefined the dialog stays.
 */
export function ask({ title, content = [], actions, kind = "", dismissible = true, opened }) {
  const error = h("p", { class: "field-error", role: "alert" });
  const heading = h("h2", { id: `dialog-${++count}` }, title);
  const dialog = h("dialog", { class: `dialog ${kind}`, "aria-labelledby": heading.id });
  return new Promise((resolve) => {
    const finish = (value) => {
      dialog.close();
      dialog.remove();
      resolve(value);
    };
    const choose = async (action) => {
      fill(error);
      try {
        const value = typeof action.value === "function" ? await action.value() : action.value;
        if (value !== undefined) finish(value);
      } catch (problem) {
        fill(error, problem.message);
      }
    };
    const primary = actions.find((action) => action.kind === "primary") ?? actions[0];
    const buttons = actions.map((action) =>
      h(
        "button",
        {
          type: action === primary ? "submit" : "button",
          class: `button ${action.kind ?? ""}`,
          on: action === primary ? undefined : { click: () => choose(action) },
        },
        action.label,
      ),
    );
    const form = h(
      "form",
      {
        on: {
          submit(event) {
            event.preventDefault();
            choose(primary);
          },
        },
      },
      heading,
      h("div", { class: "dialog-content" }, content),
      error,
      h("div", { class: "dialog-actions" }, buttons.reverse()),
    );
    dialog.append(form);
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      if (dismissible) finish(null);
    });
    // A click beside a dialog leaves the focus where it is.
    dialog.addEventListener("mousedown", (event) => event.target === dialog && event.preventDefault());
    document.body.append(dialog);
    dialog.showModal();
    opened?.(dialog);
  });
}

let count = 0;

/** Ask for a yes; gives whether it was given. */
export async function confirm(title, text, label, kind = "primary") {
  const actions = [
    { label, value: true, kind },
    { label: "Cancel", value: null },
  ];
  return (await ask({ title, content: h("p", {}, text), actions })) === true;
}

/**
 * Ask for a line of text; gives it, or null.
 *
 * `check(text)` gives what is wrong with it, or nothing.
 */
export async function prompt(title, label, { value = "", help = "", action = "OK", check = () => "", select } = {}) {
  const field = h("input", { type: "text", id: `prompt-${++count}`, value, autocomplete: "off", spellcheck: "false", class: "field" });
  const content = [h("label", { for: field.id }, label), field, help && h("p", { class: "hint" }, help)];
  const accept = () => {
    const text = field.value.trim();
    const wrong = check(text);
    if (wrong) {
      field.setAttribute("aria-invalid", "true");
      field.focus();
      throw new Error(wrong);
    }
    return text;
  };
  const actions = [
    { label: action, value: accept, kind: "primary" },
    { label: "Cancel", value: null },
  ];
  return ask({
    title,
    content,
    actions,
    opened() {
      field.focus();
      field.setSelectionRange(...(select ?? [0, value.length]));
    },
  });
}

/** Tell something that must be read. */
export function tell(title, ...content) {
  return ask({ title, content, actions: [{ label: "Close", value: true, kind: "primary" }] });
}

