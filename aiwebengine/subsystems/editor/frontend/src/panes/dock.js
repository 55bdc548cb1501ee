/** The panels on the right. */

import { h } from "../ui/dom.js";
import { tabs } from "../ui/tabs.js";
import { AssetsPane } from "./assets.js";
import { LogPane } from "./log.js";
import { MetricsPane } from "./metrics.js";
import { RequestPane } from "./request.js";
import { RoutesPane } from "./routes.js";
import { VersionsPane } from "./versions.js";

/** Holds request, log, versions, routes, metrics and assets. */
export class Dock {
  constructor(app) {
    this.request = new RequestPane(app);
    this.log = new LogPane(app);
    this.versions = new VersionsPane(app);
    this.routes = new RoutesPane(app);
    this.metrics = new MetricsPane(app);
    this.assets = new AssetsPane(app);
    this.order = ["request", "log", "versions", "routes", "metrics", "assets"];
    const labels = { request: "Request", log: "Log", versions: "Versions", routes: "Routes", metrics: "Metrics", assets: "Assets" };
    const entries = this.order.map((id) => ({ id, label: labels[id], panel: this[id].element }));
    this.tabs = tabs("dock", entries, {
      label: "Panels",
      changed: (id) => this.order.forEach((name) => this[name].setVisible?.(name === id)),
    });
    this.element = h("aside", { class: "dock", id: "dock", tabindex: "-1", "aria-label": "Panels" }, h("div", { class: "pane-head tabs-head" }, this.tabs.list), this.tabs.panels);
  }

  /** Show one of the panels. */
  choose(id, focus = false) {
    this.tabs.choose(id, focus);
    // In a narrow window the panels are below everything else.
    this.element.scrollIntoView({ block: "start" });
  }
}
