/** A place where files can be dropped. */

import { h, icon } from "./dom.js";

const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");

/**
 * Let files be dropped on an element while `willing()`; `dropped(transfer)` gets them.
 *
 * Gives what is shown over it meanwhile.
 */
export function dropZone(element, text, { willing, dropped }) {
  const over = (event) => {
    if (!carriesFiles(event) || !willing()) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    element.classList.add("dropping");
  };
  const end = () => element.classList.remove("dropping");
  element.addEventListener("dragenter", over);
  element.addEventListener("dragover", over);
  element.addEventListener("dragleave", (event) => element.contains(event.relatedTarget) || end());
  element.addEventListener("drop", (event) => {
    end();
    if (!carriesFiles(event) || !willing()) return;
    event.preventDefault();
    dropped(event.dataTransfer);
  });
  return h("div", { class: "drop-here", "aria-hidden": "true" }, icon("upload"), text);
}

/** Have files that are dropped beside such places do nothing: the browser would show them instead of the page. */
export function ignoreOtherDrops() {
  for (const topic of ["dragover", "drop"])
    addEventListener(topic, (event) => {
      if (!event.defaultPrevented && carriesFiles(event)) event.preventDefault();
    });
}
