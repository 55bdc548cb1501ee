/** All routes that are live, and whose they are. */

import { json } from "../model/api.js";
import { matches } from "../model/tree.js";
import { button, fill, h } from "../ui/dom.js";
import { keepingFocus } from "../ui/focus.js";

/** A table of routes; a row opens its script or tries the route. */
export class RoutesPane {
  constructor(app) {
    this.app = app;
    this.routes = [];
    this.filter = h("input", { type: "search", class: "field", placeholder: "Filter by path, method or script", "aria-label": "Filter routes", autocomplete: "off", on: { input: () => this.render() } });
    this.body = h("tbody");
    this.hint = h("p", { class: "hint", role: "status" });
    this.table = h("table", { class: "table" }, h("thead", {}, h("tr", {}, ["Method", "Path", "Script"].map((text) => h("th", { scope: "col" }, text)), h("th", { scope: "col" }, h("span", { class: "unseen" }, "Try")))), this.body);
    this.element = h("section", { class: "panel scrolls" }, h("div", { class: "panel-bar" }, this.filter), this.table, this.hint);
    app.bus.on("scripts", () => this.visible && this.refresh());
  }

  /** Take note that the panel is shown or hidden. */
  setVisible(visible) {
    this.visible = visible;
    if (visible) this.refresh();
  }

  async refresh() {
    try {
      this.routes = (await json("/engine/routes")).routes;
      this.render();
    } catch (error) {
      fill(this.hint, error.message);
    }
  }

  render() {
    const typed = this.filter.value.trim();
    const chosen = this.routes.filter((route) => !typed || matches(`${route.method} ${route.path} ${route.script}`, typed));
    keepingFocus(this.body, () => fill(this.body, chosen.map((route) => this.row(route))), () => this.filter);
    this.table.hidden = !chosen.length;
    fill(this.hint, this.routes.length ? `${chosen.length} of ${this.routes.length} routes` : "There are no routes yet: a script that calls register(path, handler) has some.");
  }

  row(route) {
    const opens = h("button", { type: "button", class: "link", "data-key": `${route.method} ${route.path}`, title: `Open ${route.script}`, on: { click: () => this.app.openAtRoute(route) } }, route.script);
    const plain = route.kind === "route";
    return h(
      "tr",
      {},
      h("td", {}, h("span", { class: `method ${route.method.toLowerCase()}` }, plain ? route.method : route.kind)),
      h("td", { class: "path", title: route.handler && `handler ${route.handler}` }, route.path),
      h("td", {}, opens),
      h("td", { class: "act" }, plain && button("Try", { picture: "play", bare: true, title: `Try ${route.method} ${route.path}`, "aria-label": `Try ${route.method} ${route.path}`, onclick: () => this.app.tryRoute(route) })),
    );
  }
}
