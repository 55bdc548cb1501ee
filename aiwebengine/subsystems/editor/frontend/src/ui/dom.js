/** Making elements without markup in strings. */

/**
 * Make an element.
 *
 * `class`, `text` and attributes as they are called in HTML; true is an attribute without a value, false, null
 * and undefined leave it out. `on` maps event names to listeners, `props` sets properties.
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else if (name === "props") Object.assign(element, value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  append(element, children);
  return element;
}

function append(element, children) {
  for (const child of children) {
    if (child === null || child === undefined || child === false || child === "") continue;
    if (Array.isArray(child)) append(element, child);
    else element.append(child instanceof Node ? child : String(child));
  }
}

/** Replace an element's children. */
export function fill(element, ...children) {
  element.replaceChildren();
  append(element, children);
  return element;
}

const SVG = "http://www.w3.org/2000/svg";
const PATHS = {
  plus: "M8 3v10M3 8h10",
  pencil: "M3 13l.7-3L10.5 3.2a1.2 1.2 0 0 1 1.7 0l.6.6a1.2 1.2 0 0 1 0 1.7L6 12.3z",
  trash: "M3 4.5h10M6.5 4.5V3h3v1.5M4.5 4.5l.6 8.5h5.8l.6-8.5M6.8 7v3.5M9.2 7v3.5",
  chevron: "M6 4l4 4-4 4",
  save: "M3 3h8l2 2v8H3zM5.5 3v3.5h4V3M5.5 13V9.5h5V13",
  play: "M5 3.5v9l7-4.5z",
  stop: "M4.5 4.5h7v7h-7z",
  sun: "M8 5.2a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6M8 1.5v1.4M8 13.1v1.4M1.5 8h1.4M13.1 8h1.4M3.4 3.4l1 1M11.6 11.6l1 1M3.4 12.6l1-1M11.6 4.4l1-1",
  moon: "M13 9.6A5.4 5.4 0 0 1 6.4 3 5.4 5.4 0 1 0 13 9.6z",
  auto: "M8 2.5a5.5 5.5 0 1 1 0 11a5.5 5.5 0 0 1 0-11zM8 2.5v11M8 5l3.5 -.8M8 8h5.4M8 11l3.5 .8",
  help: "M6 6.2a2 2 0 1 1 2.7 1.9c-.5.2-.7.6-.7 1.2M8 11.6v.1M8 1.8a6.2 6.2 0 1 1 0 12.4A6.2 6.2 0 0 1 8 1.8z",
  leave: "M6.5 3H3v10h3.5M7 8h6.5M11 5.5L13.5 8 11 10.5",
  close: "M4 4l8 8M12 4l-8 8",
  clear: "M8 2.2a5.8 5.8 0 1 1 0 11.6A5.8 5.8 0 0 1 8 2.2zM4 12l8-8",
  refresh: "M13 8a5 5 0 1 1-1.5-3.6M13 2.5v3h-3",
  back: "M6 3.5L2.5 7 6 10.5M2.5 7H10a3.5 3.5 0 0 1 0 7H8",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  file: "M4 2h5l3 3v9H4zM9 2v3h3",
  left: "M7 3.5L2.5 8 7 12.5M2.5 8h11",
  upload: "M8 10.5V3M5 6l3-3 3 3M3 10.5V13h10v-2.5",
  download: "M8 3v7.5M5 7.5l3 3 3-3M3 10.5V13h10v-2.5",
  link: "M6.8 9.2a2.5 2.5 0 0 0 3.6 0l2-2a2.5 2.5 0 0 0-3.6-3.6l-.9.9M9.2 6.8a2.5 2.5 0 0 0-3.6 0l-2 2a2.5 2.5 0 0 0 3.6 3.6l.9-.9",
  outside: "M9 3h4v4M13 3L7.5 8.5M11 9.5V13H3V5h3.5",
  image: "M3 3.5h10v9H3zM3 10.5l3-3 2.5 2.5L10.5 8l2.5 2.5M10 6.2v.1",
  share: "M3 12.5V9M8 12.5v-9M13 12.5V6",
  canary: "M8 13.5V7.5M8 7.5C8 5 6.2 3.6 4 3.5v-1M8 7.5c0-2.5 1.8-3.9 4-4v-1",
  check: "M3.5 8.5l3 3 6-7",
  compare: "M5 2.5v11M11 2.5v11M2.5 5h2.5M2.5 8h2.5M11 8h2.5M11 11h2.5",
};

/** A small picture beside a text, or in a button that has its name from `aria-label`. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  for (const [key, value] of Object.entries({ viewBox: "0 0 16 16", class: "icon", "aria-hidden": "true" })) svg.setAttribute(key, value);
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

/** A button with a picture and a text, or with a picture alone and the text as its name. */
export function button(label, { picture, bare = false, kind = "", title, onclick, ...more } = {}) {
  const classes = ["button", kind, bare && "bare"].filter(Boolean).join(" ");
  return h(
    "button",
    { type: "button", class: classes, "aria-label": bare ? label : null, title: title ?? (bare ? label : null), on: onclick && { click: onclick }, ...more },
    picture && icon(picture),
    !bare && h("span", {}, label),
  );
}
