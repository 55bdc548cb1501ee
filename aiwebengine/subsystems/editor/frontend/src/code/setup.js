/** The extensions that every script's editor has. */

import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { javascript } from "@codemirror/lang-javascript";
import { bracketMatching, codeFolding, foldGutter, foldKeymap, indentOnInput, indentUnit } from "@codemirror/language";
import { lintGutter, lintKeymap } from "@codemirror/lint";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { EditorState } from "@codemirror/state";
import {
  crosshairCursor,
  drawSelection,
  dropCursor,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
  rectangularSelection,
} from "@codemirror/view";
import { completionSources, signatureHover } from "./completion.js";
import { appearance } from "./theme.js";

/** The nonce that style sheets of this page must carry. */
export const nonce = document.querySelector("script[nonce]")?.nonce ?? "";

/** What reading needs: colours, line numbers, folding, search. */
export function reading() {
  return [
    EditorView.cspNonce.of(nonce),
    appearance,
    lineNumbers(),
    foldGutter({ markerDOM: foldMarker }),
    codeFolding(),
    highlightSpecialChars(),
    drawSelection(),
    search({ top: true }),
    keymap.of([...defaultKeymap, ...searchKeymap, ...foldKeymap]),
  ];
}

// Typing over a selection makes Chromium carry the colours of what goes over to what comes as inline styles, which
// the page's policy refuses (and reports): then the text is replaced before the browser does it.
const typingOver = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { from, to } = view.state.selection.main;
    if (event.inputType !== "insertText" || event.data === null || event.isComposing || from === to) return false;
    event.preventDefault();
    const insert = () => view.state.update(view.state.replaceSelection(event.data), { userEvent: "input.type", scrollIntoView: true });
    const handlers = view.state.facet(EditorView.inputHandler);
    if (!handlers.some((handle) => handle(view, from, to, event.data, insert))) view.dispatch(insert());
    return true;
  },
});

/** What writing needs on top of it. */
export function writing() {
  return [
    history(),
    typingOver,
    dropCursor(),
    EditorState.allowMultipleSelections.of(true),
    indentUnit.of("  "),
    EditorState.tabSize.of(2),
    indentOnInput(),
    bracketMatching(),
    closeBrackets(),
    rectangularSelection(),
    crosshairCursor(),
    highlightActiveLine(),
    highlightActiveLineGutter(),
    highlightSelectionMatches(),
    lintGutter(),
    keymap.of([...closeBracketsKeymap, ...historyKeymap, ...completionKeymap, ...lintKeymap, indentWithTab]),
  ];
}

/** JavaScript with completion and signatures out of the typings that `typings()` gives. */
export function scripting(typings) {
  return [
    javascript(),
    autocompletion({ override: completionSources(typings), icons: false, activateOnTyping: true }),
    signatureHover(typings),
  ];
}

function foldMarker(open) {
  const mark = document.createElement("span");
  mark.textContent = open ? "⌄" : "›";
  mark.title = open ? "Fold" : "Unfold";
  return mark;
}
