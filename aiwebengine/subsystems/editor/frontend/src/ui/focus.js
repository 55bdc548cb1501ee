/** The focus is never lost: what is drawn anew gives it back. */

const NAMED = "[data-key], [aria-label], button, a, [tabindex]";

/** What an element is known by after its place was drawn anew. */
const nameOf = (element) => element.dataset.key ?? element.getAttribute("aria-label") ?? element.textContent;

/**
 * Draw the inside of `root`; if the focus was in there, it goes to what has the same name afterwards,
 * else to what `otherwise()` gives.
 */
export function keepingFocus(root, draw, otherwise = () => root) {
  const before = document.activeElement;
  const inside = root.contains(before) && before !== root;
  const name = inside && nameOf(before);
  draw();
  if (!inside || (before.isConnected && !before.closest("[hidden]"))) return;
  const same = [...root.querySelectorAll(NAMED)].find((one) => nameOf(one) === name && !one.disabled && one.getClientRects().length);
  (same ?? otherwise())?.focus();
}
