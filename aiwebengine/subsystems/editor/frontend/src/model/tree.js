/** Script names as a tree: what is before a slash is a folder. */

/**
 * Order names into folders and files, both by name, folders first.
 *
 * Gives `[{name, path, children}]` for folders and `[{name, uri}]` for files.
 */
export function treeOf(uris) {
  const root = { children: [], folders: new Map() };
  for (const uri of uris) {
    const steps = segments(uri);
    let place = root;
    let path = "";
    for (const step of steps.slice(0, -1)) {
      path += `${step}/`;
      if (!place.folders.has(step)) {
        const folder = { name: step, path, children: [], folders: new Map() };
        place.folders.set(step, folder);
        place.children.push(folder);
      }
      place = place.folders.get(step);
    }
    place.children.push({ name: steps.at(-1), uri });
  }
  return sorted(root.children);
}

/** The parts of a name; a scheme stays with its host. */
function segments(uri) {
  const scheme = /^[\w.-]+:\/\/[^/]+/.exec(uri)?.[0] ?? "";
  const steps = uri.slice(scheme ? scheme.length + 1 : 0).split(/(?<=.)\/(?=.)/);
  return [scheme, ...steps].filter(Boolean);
}

function sorted(nodes) {
  const order = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  nodes.sort((one, other) => Number(!!other.children) - Number(!!one.children) || order.compare(one.name, other.name));
  for (const node of nodes) if (node.children) sorted(node.children);
  return nodes;
}

/** Whether a name has all the words typed, in any order and case. */
export function matches(uri, typed) {
  const text = uri.toLowerCase();
  return typed.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}

/**
 * The rows that are shown: `{node, level, position, size, open}`.
 *
 * `closed` is the set of folder paths that are shut; with `all`, none is.
 */
export function rows(nodes, closed, all = false, level = 1) {
  return nodes.flatMap((node, index) => {
    const open = node.children ? all || !closed.has(node.path) : undefined;
    const row = { node, level, position: index + 1, size: nodes.length, open };
    return open ? [row, ...rows(node.children, closed, all, level + 1)] : [row];
  });
}
