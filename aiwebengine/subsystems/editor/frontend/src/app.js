/** The whole page: its parts, what they share, and the keys that work everywhere. */

import { call, onRefusal } from "./model/api.js";
import { Assets } from "./model/assets.js";
import { Bus } from "./model/bus.js";
import { Canaries } from "./model/canaries.js";
import { Scripts, wrongUri } from "./model/scripts.js";
import { forgetKey, storedKey } from "./model/session.js";
import { AssetEditor } from "./panes/assettext.js";
import { Dock } from "./panes/dock.js";
import { EditorPane } from "./panes/editor.js";
import { showHelp } from "./panes/help.js";
import { signIn } from "./panes/signin.js";
import { TreePane } from "./panes/tree.js";
import { parseTypings } from "./typings/parse.js";
import { say, voices } from "./ui/announce.js";
import { button, fill, h, icon } from "./ui/dom.js";
import { ignoreOtherDrops } from "./ui/drop.js";
import { splitter } from "./ui/splitter.js";
import { themeButton } from "./ui/theme.js";
import { complain, toasts } from "./ui/toast.js";

const LIST_EVERY_MS = 4000;
const HEALTH_EVERY_MS = 15000;

/** What the parts of the page know of each other. */
export class App {
  constructor() {
    this.bus = new Bus();
    this.scripts = new Scripts(this.bus);
    this.canaries = new Canaries(this.bus, this.scripts);
    this.assets = new Assets(this.bus);
    this.typings = { globals: new Map(), types: new Map(), aliases: new Map() };
    this.health = null;
    this.editor = new EditorPane(this);
    this.files = new AssetEditor(this);
    this.editor.element.append(this.files.element);
    this.tree = new TreePane(this);
    this.dock = new Dock(this);
    onRefusal(signIn);
  }

  /** Put everything into the page and begin. */
  async start() {
    this.mount();
    this.listen();
    const asked = !storedKey();
    if (asked) await signIn("");
    await this.load();
    // The dialog had the focus, and nothing before it.
    if (asked && document.activeElement === document.body) this.nextRegion(1);
  }

  mount() {
    this.pill = h("span", { class: "pill", title: "Health of the engine" }, h("span", { class: "dot" }), "…");
    const leave = button("Sign out", { picture: "leave", bare: true, title: "Sign out: forget the key", onclick: () => this.signOut() });
    const help = button("Keyboard shortcuts", { picture: "help", bare: true, title: "Keyboard shortcuts (F1)", onclick: showHelp });
    const header = h(
      "header",
      { class: "top" },
      h("a", { class: "skip", href: "#editor", on: { click: (event) => this.skip(event) } }, "Skip to the editor"),
      h("h1", {}, icon("compare"), h("span", {}, "aiwebengine"), h("span", { class: "product" }, "editor")),
      this.pill,
      h("div", { class: "grow" }),
      themeButton(),
      help,
      leave,
    );
    const left = splitter({ label: "Width of the scripts", variable: "--side-width", value: 232, least: 160, most: 480, grows: 1, controls: "scripts" });
    const right = splitter({ label: "Width of the panels", variable: "--dock-width", value: 440, least: 300, most: 900, grows: -1, controls: "dock" });
    this.tree.element.append(left);
    this.dock.element.prepend(right);
    const work = h("div", { class: "work" }, this.tree.element, this.editor.element, this.dock.element);
    document.body.replaceChildren(header, work, toasts, ...voices);
  }

  /** Get what is there; called again after signing in. */
  async load() {
    try {
      await this.scripts.refresh();
    } catch (error) {
      complain(error.message);
    }
    this.loadTypings();
    this.dock.log.restart();
    this.checkHealth();
    const refresh = () => document.hidden || this.scripts.refresh().catch(() => {});
    setInterval(refresh, LIST_EVERY_MS);
    addEventListener("focus", refresh);
    setInterval(() => document.hidden || this.checkHealth(), HEALTH_EVERY_MS);
    const wanted = new URLSearchParams(location.search).get("script");
    if (wanted) await this.editor.open(wanted);
    this.bus.on("opened", (open) => {
      const query = open && open.version ? `?script=${encodeURIComponent(open.uri)}` : "";
      history.replaceState(null, "", location.pathname + query);
      document.title = `${open ? `${open.uri} · ` : ""}aiwebengine editor`;
    });
  }

  async loadTypings() {
    try {
      this.typings = parseTypings(await (await call("/engine/types/aiwebengine.d.ts", { headers: { Accept: "*/*" } })).text());
    } catch (error) {
      complain(`The typings cannot be read, completion knows JavaScript only: ${error.message}`);
    }
  }

  async checkHealth() {
    try {
      const response = await fetch("/health", { cache: "no-store" });
      this.health = await response.json();
      this.showHealth(this.health.status);
    } catch {
      this.showHealth("unreachable");
    }
  }

  showHealth(status) {
    if (this.pill.dataset.status && this.pill.dataset.status !== status) say(`The engine is ${status}.`);
    this.pill.dataset.status = status;
    this.pill.className = `pill ${{ healthy: "good", degraded: "warn" }[status] ?? "bad"}`;
    fill(this.pill, h("span", { class: "dot" }), status);
  }

  /** What is wrong with a name for a new script, "" if nothing is. */
  wrongName(uri) {
    const taken = this.scripts.get(uri) || this.editor.documents.has(uri);
    return wrongUri(uri) || (taken ? `There is a script ${uri} already.` : "");
  }

  /** Go to the request panel with a route of the open script. */
  tryCurrent() {
    this.dock.choose("request");
    const { request } = this.dock;
    const routes = this.scripts.get(this.editor.current?.uri)?.routes ?? [];
    if (routes.length && !routes.some((route) => `${route.method} ${route.path}` === request.route.value)) request.choose(routes[0], false);
    if (!request.askForPlaceholder()) request.run();
  }

  /** Fill a route into the request panel. */
  tryRoute(route) {
    this.dock.choose("request");
    this.dock.request.choose(route);
  }

  /** Open a route's script where the route is registered. */
  async openAtRoute(route) {
    await this.editor.open(route.script);
    const source = this.editor.current?.source ?? "";
    const at = source.search(new RegExp(`["'\`]${route.path.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}["'\`]`));
    this.editor.goTo({ line: at < 0 ? 1 : source.slice(0, at).split("\n").length });
  }

  /** Show the log lines of one request. */
  showRequestLog(id) {
    this.dock.choose("log");
    this.dock.log.ofRequest(id);
  }

  /** Show the log of the open script. */
  showScriptLog(uri) {
    this.dock.choose("log", true);
    this.dock.log.ofRequest("");
    this.dock.log.choose(uri);
  }

  /** Show an asset whose text was closed; the focus goes there. */
  backToAsset(name) {
    this.dock.choose("assets");
    this.dock.assets.find(name);
  }

  signOut() {
    forgetKey();
    location.reload();
  }

  skip(event) {
    event.preventDefault();
    this.focusMiddle();
  }

  /** Go to the text in the middle. */
  focusMiddle() {
    this.editor.element.scrollIntoView({ block: "start" });
    if (this.files.current) this.files.view.focus();
    else if (this.editor.current) this.editor.view.focus();
    else this.editor.element.focus();
  }

  listen() {
    addEventListener("keydown", (event) => this.key(event), { capture: true });
    addEventListener("beforeunload", (event) => {
      const scripts = [...this.editor.documents.values()].some((document) => document.unsaved);
      const assets = [...this.files.documents.values()].some((document) => document.dirty);
      if (scripts || assets) event.preventDefault();
    });
    ignoreOtherDrops();
    for (const topic of ["error", "unhandledrejection"])
      addEventListener(topic, (event) => {
        const reason = event.reason ?? event.error;
        if (reason && reason.name !== "AbortError") complain(reason.message ?? String(reason));
      });
  }

  key(event) {
    if (document.querySelector("dialog[open]") || event.isComposing) return;
    const mod = (event.ctrlKey || event.metaKey) && !event.altKey;
    const alt = event.altKey && !event.ctrlKey && !event.metaKey;
    const digit = /^Digit([1-6])$/.exec(event.code);
    if (mod && event.code === "KeyS") this.save(event.shiftKey);
    else if (mod && event.key === "Enter") this.send();
    else if (mod && !event.shiftKey && event.code === "KeyK") this.tree.filter.focus();
    else if (alt && event.code === "KeyN") this.editor.create();
    else if (alt && event.code === "KeyC") this.saveCanary();
    else if (alt && digit) this.dock.choose(this.dock.order[digit[1] - 1], true);
    else if (event.key === "F6") this.nextRegion(event.shiftKey ? -1 : 1);
    else if (event.key === "F1") showHelp();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Ctrl+S: save what is in the middle. */
  save(withMessage) {
    if (this.files.current) this.files.save();
    else this.editor.save({ withMessage });
  }

  /** Alt+C: put the open script on trial, if there is something to try. */
  saveCanary() {
    if (!this.files.current && !this.editor.canaryButton.disabled) this.editor.canary.acts.save();
  }

  /** Ctrl+Enter: send what is in the form, from the text after choosing the script's route. */
  send() {
    if (this.dock.request.element.contains(document.activeElement)) this.dock.request.run();
    else this.tryCurrent();
  }

  nextRegion(step) {
    const regions = [
      { root: this.tree.element, focus: () => (this.tree.rows.length ? this.tree.focusActive() : this.tree.filter.focus()) },
      { root: this.editor.element, focus: () => this.focusMiddle() },
      { root: this.dock.element, focus: () => this.dock.choose(this.dock.tabs.chosen(), true) },
    ];
    const dismiss = toasts.querySelector("button");
    if (dismiss) regions.push({ root: toasts, focus: () => dismiss.focus() });
    const here = regions.findIndex(({ root }) => root.contains(document.activeElement));
    regions[(here + step + regions.length * 2) % regions.length].focus();
  }
}
