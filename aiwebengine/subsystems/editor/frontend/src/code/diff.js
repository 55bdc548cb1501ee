/** Two texts side by side. */

import { javascript } from "@codemirror/lang-javascript";
import { MergeView } from "@codemirror/merge";
import { EditorState } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { reading, writing } from "./setup.js";

/**
 * Show what differs between two texts; gives the MergeView.
 *
 * They are coloured as `language` says. `editable` lets the right one be changed, with arrows that take over a piece of the left one.
 */
export function sideBySide(parent, left, right, { leftName, rightName, editable = false, language = javascript() }) {
  const side = (name, fixed) => [
    ...reading(),
    language,
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({ "aria-label": name, ...(fixed && { "aria-readonly": "true", tabindex: "0" }) }),
    fixed ? [EditorState.readOnly.of(true), EditorView.editable.of(false)] : writing(),
  ];
  return new MergeView({
    parent,
    a: { doc: left, extensions: side(leftName, true) },
    b: { doc: right, extensions: side(rightName, !editable) },
    revertControls: editable ? "a-to-b" : undefined,
    renderRevertControl: () => {
      const control = document.createElement("button");
      control.textContent = "→";
      control.type = "button";
      control.className = "take-over";
      control.title = "Take this piece over";
      control.setAttribute("aria-label", "Take this piece over");
      return control;
    },
    highlightChanges: true,
    gutter: true,
    collapseUnchanged: { margin: 3, minSize: 6 },
  });
}
