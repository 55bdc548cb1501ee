/** The API key: in this tab's session storage and nowhere else. */

const NAME = "aiwebengine.editor.key";

/** Take the key out of the address (`#key=…`), if it is there, and out of the browser's sight. */
export function adoptKey(location, history, storage) {
  const found = /^#key=(.+)$/.exec(location.hash);
  if (!found) return;
  history.replaceState(null, "", location.pathname + location.search);
  try {
    storage.setItem(NAME, decodeURIComponent(found[1]));
  } catch {
    // Not percent-encoding: no key of ours.
  }
}

/** The key, "" without one. */
export const storedKey = () => sessionStorage.getItem(NAME) ?? "";

/** Keep a key for this tab. */
export const keepKey = (key) => sessionStorage.setItem(NAME, key);

/** Forget it. */
export const forgetKey = () => sessionStorage.removeItem(NAME);
