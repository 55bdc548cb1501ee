/** The middle: the script that is open, its problems, saving. */

import { isolateHistory } from "@codemirror/commands";
import { openSearchPanel } from "@codemirror/search";
import { EditorView } from "@codemirror/view";
import { range, showProblems, summary } from "../code/diagnostics.js";
import { reading, scripting, writing } from "../code/setup.js";
import { OpenDocument } from "../model/documents.js";
import { say } from "../ui/announce.js";
import { button, fill, h, icon } from "../ui/dom.js";
import { complain, note } from "../ui/toast.js";
import { ask, confirm, prompt } from "../ui/dialog.js";
import { keepingFocus } from "../ui/focus.js";
import { CanaryBar } from "./canary.js";
import { resolveConflict } from "./conflict.js";

const CHECK_AFTER_MS = 350;

const TEMPLATE = (uri) => `// ${uri}

function hello(req) {
  return { body: { message: "Hello", from: "${uri}" } };
}

register("/${uri.replace(/\.js$/, "").replace(/[^\w/-]+/g, "-")}", hello, "GET");
`;

/** Shows and saves documents; tells `bus` of "opened" (document or null), "edited" and "saved". */
export class EditorPane {
  constructor(app) {
    this.app = app;
    this.documents = new Map();
    this.current = null;
    this.checking = null;
    this.timer = 0;
    this.build();
    app.bus.on("scripts", () => this.compareWithEngine());
  }

  build() {
    this.name = h("span", { class: "doc-name" });
    this.facts = h("span", { class: "doc-facts" });
    this.badge = h("span", { class: "badge", hidden: true });
    this.saveButton = button("Save", { picture: "save", kind: "primary", title: "Save: the script is live at once (Ctrl+S)", onclick: () => this.save() });
    this.runButton = button("Try", { picture: "play", title: "Send a request to this script (Ctrl+Enter)", onclick: () => this.app.tryCurrent() });
    this.revertButton = button("Throw changes away", { picture: "back", bare: true, title: "Throw your changes away", onclick: () => this.revert() });
    this.canaryButton = button("Canary…", { picture: "canary", title: "Save as canary: a share of the requests gets this text (Alt+C)", onclick: () => this.canary.acts.save() });
    this.canary = new CanaryBar(this.app);
    this.notice = h("div", { class: "notice", hidden: true });
    this.head = h(
      "header",
      { class: "pane-head editor-head" },
      h("h2", { class: "doc-title" }, icon("file"), this.name),
      this.badge,
      this.facts,
      h("div", { class: "doc-acts" }, this.revertButton, this.runButton, this.canaryButton, this.saveButton),
    );
    this.host = h("div", { class: "code" });
    this.empty = h(
      "div",
      { class: "empty" },
      h("h2", {}, "No script is open"),
      h("p", {}, "Choose one on the left, or begin a new one. What you save is live at once."),
      button("New script", { picture: "plus", kind: "primary", onclick: () => this.create() }),
    );
    this.problems = h("ul", { class: "problems", "aria-label": "Problems", hidden: true });
    this.checkState = h("span", { class: "check-state" });
    this.cursor = h("span", { class: "cursor-place" });
    this.status = h(
      "footer",
      { class: "status-line" },
      this.checkState,
      h("div", { class: "grow" }),
      h("span", { class: "tab-hint" }, "Esc, then Tab leaves the text"),
      this.cursor,
    );
    this.body = h("div", { class: "editor-body" }, this.canary.element, this.notice, this.host, this.empty);
    this.script = h("div", { class: "center-part" }, this.head, this.body, this.problems, this.status);
    this.element = h("main", { class: "center", id: "editor", tabindex: "-1", "aria-label": "Editor" }, this.script);
    this.view = new EditorView({ parent: this.host, extensions: reading(), dispatchTransactions: (transactions, view) => this.update(transactions, view) });
    this.render();
  }

  extensions(uri) {
    return [
      ...reading(),
      ...writing(),
      ...scripting(() => this.app.typings),
      EditorView.contentAttributes.of({ "aria-label": `Source of ${uri}`, spellcheck: "false" }),
    ];
  }

  update(transactions, view) {
    view.update(transactions);
    const document = this.current;
    if (!document || view.state === document.state) return;
    const before = [document.dirty, document.unsaved].join();
    document.state = view.state;
    if (transactions.some((one) => one.docChanged)) {
      this.checkSoon();
      if (before !== [document.dirty, document.unsaved].join()) {
        this.app.bus.tell("edited", document);
        this.render();
      }
    }
    this.renderCursor();
  }

  /** Open a script; `line` is where to go. */
  async open(uri, line) {
    let document = this.documents.get(uri);
    if (!document) {
      try {
        const { source, version } = await this.app.scripts.read(uri);
        document = new OpenDocument(uri, source, version, this.extensions(uri));
        this.documents.set(uri, document);
      } catch (error) {
        complain(`${uri} cannot be opened: ${error.message}`);
        return;
      }
    }
    this.show(document);
    if (line) this.goTo({ line });
  }

  show(document) {
    clearTimeout(this.timer);
    this.checking?.abort();
    this.current = document;
    if (document) {
      this.view.setState(document.state);
      this.check();
    }
    this.render();
    this.app.bus.tell("opened", document);
  }

  /** Ask for a name and begin a script of that name. */
  async create(proposed = "") {
    const uri = await prompt("New script", "Name", {
      value: proposed || "new-script.js",
      select: proposed ? [proposed.length, proposed.length] : [0, 10],
      help: "Slashes make folders. It is stored when you save it.",
      action: "Create",
      check: (text) => this.app.wrongName(text),
    });
    if (!uri) return;
    const document = new OpenDocument(uri, TEMPLATE(uri), 0, this.extensions(uri));
    this.documents.set(uri, document);
    this.show(document);
    this.app.bus.tell("edited", document);
    this.view.focus();
  }

  /** Forget a document without saving it. */
  close(uri) {
    const document = this.documents.get(uri);
    this.documents.delete(uri);
    if (document && this.current === document) this.show(null);
  }

  /** Give an open document another name. */
  renamed(from, to) {
    const document = this.documents.get(from);
    if (!document) return;
    this.documents.delete(from);
    document.uri = to;
    document.trial = null;
    this.documents.set(to, document);
    const record = this.app.scripts.get(to);
    if (record) document.version = record.version;
    if (document === this.current) this.show(document);
  }

  /** Take over what the engine has as the text that is stored. */
  replaceText(document, source, version) {
    document.stored(source, version);
    this.setText(document, source);
  }

  /** Change the whole text, as one step that can be undone. */
  setText(document, source) {
    const state = document.state;
    const transaction = state.update({ changes: { from: 0, to: state.doc.length, insert: source }, annotations: isolateHistory.of("full") });
    if (document === this.current) this.view.dispatch(transaction);
    else document.state = transaction.state;
    this.app.bus.tell("edited", document);
    this.render();
  }

  /** Save what is open, after asking for a message if `withMessage` is set. Saving is going live. */
  async save({ withMessage = false } = {}) {
    const document = this.current;
    if (!document) return;
    if (this.saving) {
      // What was typed while the text before was on its way is saved next.
      this.again = true;
      return;
    }
    let message = "";
    if (!(await this.maySave(document))) return;
    if (withMessage) {
      message = await prompt("Save with a message", "What changed", { action: "Save" });
      if (message === null) return;
    }
    this.saving = true;
    this.render();
    try {
      await this.store(document, document.source, document.version, message);
    } finally {
      this.saving = false;
      this.render();
    }
    if (!this.again) return;
    this.again = false;
    if (document === this.current && document.dirty) await this.save();
  }

  /** Ask first when saving would end a canary: it is going live for all requests, which may not be meant. */
  async maySave(document) {
    const canary = this.app.scripts.get(document.uri)?.canary;
    if (!canary) return true;
    const choice = await ask({
      title: "Save for all requests?",
      content: h("p", {}, `Saving makes your text live for all requests of ${document.uri} and ends its canary, version ${canary.version}.`),
      actions: [
        { label: "Save for all", value: "all", kind: "primary" },
        { label: "Save as canary…", value: "canary" },
        { label: "Cancel", value: null },
      ],
    });
    if (choice === "canary") await this.canary.acts.save();
    return choice === "all";
  }

  /** Store a source over a version; conflicts and refusals are shown. */
  async store(document, source, version, message = "") {
    try {
      await this.app.canaries.ending(document.uri, async () => {
        const record = await this.app.scripts.save(document.uri, source, version, message);
        document.stored(source, record.version);
        document.deleted = false;
        note(`${document.uri} is live as version ${record.version}.`);
        this.app.bus.tell("edited", document);
        this.app.bus.tell("saved", document);
      });
    } catch (error) {
      if (error.status === 412) await this.resolve(document, message);
      else this.refused(document, error);
    }
  }

  /** Show what was stored elsewhere beside what is here. */
  resolve(document, message) {
    return resolveConflict(this.app, this, document, (source, version) => this.store(document, source, version, message));
  }

  /** Take note that the canary is the live version now. */
  async promoted(document, version) {
    // A text of its own stays; a notice says that there is a newer version.
    if (document.dirty && !document.trial) return;
    const { source } = await this.app.scripts.read(document.uri);
    if (document.dirty) document.stored(source, version);
    else this.replaceText(document, source, version);
    this.app.bus.tell("edited", document);
    this.render();
  }

  refused(document, error) {
    const { line, column } = error.details;
    const problem = { severity: "error", code: error.code, message: error.message, line: line ?? null, column: column ?? null };
    if (error.status === 422 || error.status === 409) {
      this.setProblems(document, [problem]);
      if (document === this.current) this.goTo(problem);
    }
    complain(`Not saved: ${error.message}`);
  }

  checkSoon() {
    clearTimeout(this.timer);
    this.checking?.abort();
    fill(this.checkState, "Checking…");
    this.timer = setTimeout(() => this.check(), CHECK_AFTER_MS);
  }

  async check() {
    const document = this.current;
    if (!document) return;
    const control = new AbortController();
    this.checking = control;
    const checked = document.state.doc;
    try {
      const report = await this.app.scripts.check(document.uri, checked.toString(), control.signal);
      if (control.signal.aborted || !document.state.doc.eq(checked)) return;
      document.routes = report.routes;
      this.setProblems(document, report.diagnostics);
    } catch (error) {
      if (error.name !== "AbortError" && document === this.current) fill(this.checkState, `Not checked: ${error.message}`);
    }
  }

  setProblems(document, problems) {
    const before = summary(document.problems);
    document.problems = problems;
    if (document !== this.current) return;
    showProblems(this.view, problems);
    this.renderProblems();
    if (summary(problems) !== before) say(summary(problems));
  }

  /** Put the cursor where a problem (or just a line) is. */
  goTo(problem) {
    const { from } = range(this.view.state, problem);
    this.view.dispatch({ selection: { anchor: from }, effects: EditorView.scrollIntoView(from, { y: "center" }) });
    this.view.focus();
  }

  /** Open the editor's own search panel. */
  search() {
    if (this.current) openSearchPanel(this.view);
  }

  /** See whether somebody else changed what is open. */
  async compareWithEngine() {
    for (const document of [...this.documents.values()]) {
      const record = this.app.scripts.get(document.uri);
      if (!record) {
        if (document.version > 0) document.deleted = true;
        document.version = 0;
        continue;
      }
      document.deleted = false;
      if (record.version === document.version || this.saving) continue;
      if (document.trial?.version === record.version) await this.promoted(document, record.version);
      if (document.dirty || record.version === document.version) continue;
      const { source, version } = await this.app.scripts.read(document.uri);
      if (document.dirty) continue;
      this.replaceText(document, source, version);
      if (document === this.current) note(`${document.uri} was changed elsewhere; this is version ${version} now.`);
    }
    this.render();
  }

  /** Throw unsaved changes away, when that is wanted. */
  async revert() {
    const document = this.current;
    if (!document?.dirty || document.version === 0) return;
    if (!(await confirm("Throw your changes away?", `The text of ${document.uri} will be what is stored.`, "Throw away", "danger"))) return;
    const { source, version } = await this.app.scripts.read(document.uri);
    this.replaceText(document, source, version);
    this.view.focus();
  }

  render() {
    const document = this.current;
    for (const part of [this.head, this.host, this.status, this.canary.element]) part.hidden = !document;
    this.empty.hidden = !!document;
    this.problems.hidden = true;
    this.notice.hidden = true;
    if (!document) return;
    const record = this.app.scripts.get(document.uri);
    fill(this.name, document.uri);
    const state = document.onTrial ? ` · yours is the canary, version ${document.trial.version}` : document.dirty && document.version > 0 ? " · unsaved" : "";
    fill(this.facts, document.version ? `version ${document.version}` : "not stored yet", state && h("b", {}, state));
    this.badge.hidden = !record;
    if (record) {
      this.badge.className = `badge ${record.status}`;
      fill(this.badge, record.status);
      this.badge.title = record.error ? `${record.error.line ? `Line ${record.error.line}: ` : ""}${record.error.message}` : "This version answers requests";
    }
    this.revertButton.hidden = !document.dirty || document.version === 0;
    const focused = window.document.activeElement;
    this.saveButton.disabled = !!this.saving || !document.dirty;
    this.canaryButton.disabled = !!this.saving || !document.dirty || document.onTrial || !document.version;
    // A button that is no longer one would take the focus with it.
    if ([this.saveButton, this.canaryButton].includes(focused) && focused.disabled) this.view.focus();
    this.renderNotice(document, record);
    this.renderProblems();
    this.renderCursor();
  }

  renderNotice(document, record) {
    if (document.deleted) {
      fill(this.notice, h("span", {}, "This script was deleted on the engine. Saving creates it again."));
    } else if (record && document.version > 0 && record.version > document.version && document.dirty) {
      const compare = button("Compare", { picture: "compare", onclick: () => this.resolve(document, "") });
      fill(this.notice, h("span", {}, `Version ${record.version} was stored elsewhere while you edit version ${document.version}.`), compare);
    } else return;
    this.notice.hidden = false;
  }

  renderProblems() {
    const problems = this.current?.problems ?? [];
    const kind = problems.some((one) => one.severity === "error") ? "bad" : problems.length ? "warn" : "good";
    this.checkState.className = `check-state ${kind}`;
    const errors = problems.filter((one) => one.severity === "error").length;
    const warnings = problems.length - errors;
    const counted = [errors && `${errors} error${errors > 1 ? "s" : ""}`, warnings && `${warnings} warning${warnings > 1 ? "s" : ""}`].filter(Boolean);
    fill(this.checkState, h("span", { class: "dot" }), counted.join(", ") || "No problems");
    this.problems.hidden = !problems.length;
    const draw = () => fill(
      this.problems,
      problems.map((problem) =>
        h(
          "li",
          {},
          h(
            "button",
            { type: "button", class: `problem ${problem.severity}`, on: { click: () => this.goTo(problem) } },
            h("span", { class: "dot" }),
            h("span", { class: "unseen" }, `${problem.severity}: `),
            h("span", { class: "problem-text" }, problem.message),
            h("span", { class: "problem-place" }, problem.line ? `line ${problem.line}${problem.column ? `:${problem.column}` : ""}` : problem.code),
          ),
        ),
      ),
    );
    keepingFocus(this.problems, draw, () => this.view);
  }

  renderCursor() {
    const { head } = this.view.state.selection.main;
    const line = this.view.state.doc.lineAt(head);
    const text = `Ln ${line.number}, Col ${head - line.from + 1}`;
    if (this.cursor.textContent !== text) fill(this.cursor, text);
  }
}

