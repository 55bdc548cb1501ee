/** When somebody else saved in between: both texts, and the choice. */

import { sideBySide } from "../code/diff.js";
import { say } from "../ui/announce.js";
import { ask, confirm } from "../ui/dialog.js";
import { h } from "../ui/dom.js";

/**
 * Show their text beside mine, which can be changed; gives `{choice, text}`, the choice "mine", "theirs" or null.
 *
 * `language` is what colours them, as `sideBySide` takes it.
 */
export async function chooseSide({ explanation, theirs, mine, theirName, save, take, language }) {
  const host = h("div", { class: "merge" });
  const merge = sideBySide(host, theirs, mine, { leftName: theirName, rightName: "your text", editable: true, language });
  const choice = await ask({
    title: "Saved elsewhere in the meantime",
    kind: "wide",
    content: [
      h("p", {}, `${explanation} Nothing was overwritten.`),
      h("div", { class: "merge-names" }, h("span", {}, theirName), h("span", {}, "Your text – change it here if you like")),
      host,
    ],
    actions: [
      { label: save, value: "mine", kind: "primary" },
      { label: take, value: "theirs", kind: "danger" },
      { label: "Go on editing", value: null },
    ],
  });
  const text = merge.b.state.doc;
  merge.destroy();
  return { choice, text };
}

/** Let the person choose; `document` holds their text, `store(source, version)` stores what they want over a version. */
export async function resolveConflict(app, pane, document, store) {
  let theirs;
  try {
    theirs = await app.scripts.read(document.uri);
  } catch (error) {
    if (error.status !== 404) throw error;
    const again = await confirm("The script was deleted", `${document.uri} is no longer on the engine. Create it again with your text?`, "Create again");
    if (again) await store(document.source, 0);
    return;
  }
  const { choice, text } = await chooseSide({
    explanation: `You began with ${document.version ? `version ${document.version}` : "a new script"}; ${document.uri} is at version ${theirs.version} now.`,
    theirs: theirs.source,
    mine: document.source,
    theirName: `Version ${theirs.version}, on the engine`,
    save: `Save the right side over version ${theirs.version}`,
    take: "Use the engine’s version",
  });
  const merged = text.toString();
  if (choice === "theirs") {
    pane.replaceText(document, theirs.source, theirs.version);
    say(`The text is version ${theirs.version} now.`);
  } else if (choice === "mine") {
    if (merged !== document.source) pane.setText(document, merged);
    document.stored(theirs.source, theirs.version);
    await store(merged, theirs.version);
  }
  pane.view.focus();
}
