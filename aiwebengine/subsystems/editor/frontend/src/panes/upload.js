/** Uploading files: which, where to, how far. */

import { folder, wrongAssetName } from "../model/assets.js";
import { bytes } from "../model/format.js";
import { say } from "../ui/announce.js";
import { ask } from "../ui/dialog.js";
import { fill, h } from "../ui/dom.js";
import { complain } from "../ui/toast.js";

const MOST_NAMED = 8;

/** Let the person choose files with the browser's own dialog; gives them, none when it was dismissed. */
export function chosenFiles(parent) {
  const field = h("input", { type: "file", multiple: true, class: "unseen", tabindex: "-1", "aria-label": "Files to upload" });
  parent.append(field);
  return new Promise((resolve) => {
    const finish = () => {
      const files = [...field.files];
      field.remove();
      resolve(files);
    };
    field.addEventListener("change", finish, { once: true });
    field.addEventListener("cancel", finish, { once: true });
    field.click();
  });
}

/** The files of a drop; folders are left out, and that is said. */
export function droppedFiles(transfer) {
  const items = [...transfer.items].filter((item) => item.kind === "file");
  const folders = items.filter((item) => item.webkitGetAsEntry?.()?.isDirectory);
  if (folders.length) complain("Folders cannot be dropped: choose their files instead.");
  return items.filter((item) => !folders.includes(item)).map((item) => item.getAsFile()).filter(Boolean);
}

/** Ask where to, and upload: gives the new records, null when it was left. */
export async function upload(assets, files, { prefix }) {
  if (!files.length) return null;
  const control = new AbortController();
  const total = files.reduce((sum, file) => sum + file.size, 0);
  const place = h("input", { type: "text", id: "upload-prefix", class: "field mono", value: prefix, autocomplete: "off", spellcheck: "false", placeholder: "css/", "aria-describedby": "upload-help", on: { input: () => forget() } });
  const open = h("input", { type: "checkbox", id: "upload-public", checked: true });
  const replace = h("input", { type: "checkbox", id: "upload-replace" });
  const replaceText = h("span", {});
  const replaceRow = h("label", { class: "check replace", hidden: true }, replace, replaceText);
  const bar = h("progress", { max: "1", value: "0", class: "progress", "aria-label": "Sent so far", hidden: true });
  let asked = "";
  let busy = false;

  // Another place, another question.
  function forget() {
    asked = "";
    replace.checked = false;
    replaceRow.hidden = true;
  }

  async function accept() {
    if (busy) return undefined;
    const names = files.map((file) => folder(place.value) + file.name);
    const wrong = names.map(wrongAssetName).find(Boolean);
    if (wrong) throw new Error(wrong);
    busy = true;
    try {
      const taken = await assets.taken(names);
      if (taken.length && (asked !== taken.join("/") || !replace.checked)) {
        asked = taken.join("/");
        fill(replaceText, `Replace ${taken.length === 1 ? taken[0] : `${taken.length} assets: ${shortened(taken)}`}`);
        replaceRow.hidden = false;
        replace.focus();
        throw new Error(taken.length === 1 ? "An asset of this name exists. Tick to replace it." : "Assets of these names exist. Tick to replace them.");
      }
      bar.hidden = false;
      say(`Uploading ${files.length === 1 ? names[0] : `${files.length} files`}`);
      return await assets.upload(files, {
        prefix: folder(place.value),
        open: open.checked ? undefined : false,
        signal: control.signal,
        progress: (share) => {
          bar.value = share;
        },
      });
    } catch (error) {
      if (error.name === "AbortError") return null;
      throw error;
    } finally {
      busy = false;
      bar.hidden = true;
    }
  }

  const records = await ask({
    title: files.length === 1 ? `Upload ${files[0].name}` : `Upload ${files.length} files`,
    content: [
      h("p", { class: "upload-names" }, files.length === 1 ? bytes(total) : `${shortened(files.map((file) => file.name))} · ${bytes(total)}`),
      h("label", { for: "upload-prefix" }, "Into the folder"),
      place,
      h("p", { class: "hint", id: "upload-help" }, files.length === 1 ? "Empty for none." : "Empty for none. If one of the files is refused, none is stored."),
      h("label", { class: "check" }, open, "Public: whoever knows the address can read them"),
      replaceRow,
      bar,
    ],
    actions: [
      { label: "Upload", value: accept, kind: "primary" },
      { label: "Cancel", value: null },
    ],
    opened: () => place.focus(),
  });
  if (!records) control.abort();
  return records;
}

function shortened(names) {
  const more = names.length - MOST_NAMED;
  return `${names.slice(0, MOST_NAMED).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
