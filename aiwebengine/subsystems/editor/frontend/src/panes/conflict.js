/** When somebody else saved in between: both texts, and the choice. */

import { sideBySide } from "../code/diff.js";
import { say } from "../ui/announce.js";
import { ask, confirm } from "../ui/dialog.js";
import { h } from "../ui/dom.js";

/** Let the person choose; `document` holds their text. */
export async function resolveConflict(app, pane, document, message) {
  let theirs;
  try {
    theirs = await app.scripts.read(document.uri);
  } catch (error) {
    if (error.status !== 404) throw error;
    const again = await confirm("The script was deleted", `${document.uri} is no longer on the engine. Create it again with your text?`, "Create again");
    if (again) await pane.store(document, document.source, 0, message);
    return;
  }
  const host = h("div", { class: "merge" });
  const author = `version ${theirs.version} of the engine`;
  const merge = sideBySide(host, theirs.source, document.source, { leftName: author, rightName: "your text", editable: true });
  const choice = await ask({
    title: "Saved elsewhere in the meantime",
    kind: "wide",
    content: [
      h("p", {}, `You began with ${document.version ? `version ${document.version}` : "a new script"}; ${document.uri} is at version ${theirs.version} now. Nothing was overwritten.`),
      h("div", { class: "merge-names" }, h("span", {}, `Version ${theirs.version}, on the engine`), h("span", {}, "Your text – change it here if you like")),
      host,
    ],
    actions: [
      { label: `Save the right side over version ${theirs.version}`, value: "mine", kind: "primary" },
      { label: "Use the engine’s version", value: "theirs", kind: "danger" },
      { label: "Go on editing", value: null },
    ],
  });
  const merged = merge.b.state.doc.toString();
  merge.destroy();
  if (choice === "theirs") {
    pane.replaceText(document, theirs.source, theirs.version);
    say(`The text is version ${theirs.version} now.`);
  } else if (choice === "mine") {
    if (merged !== document.source) pane.setText(document, merged);
    await pane.store(document, merged, theirs.version, message);
  }
  pane.view.focus();
}
