/** The scripts and assets that are open, with their unsaved text. */

import { EditorState, Text } from "@codemirror/state";

/** A script's text in the editor: what was read or saved last, and what it is now. */
export class OpenDocument {
  /** `version` is the one the text began with, 0 for a script that is not stored yet. */
  constructor(uri, source, version, extensions) {
    this.uri = uri;
    this.version = version;
    this.deleted = false;
    this.problems = [];
    this.trial = null;
    this.state = EditorState.create({ doc: source, extensions });
    this.saved = this.state.doc;
  }

  /** The text as it is now. */
  get source() {
    return this.state.doc.toString();
  }

  /** Whether it differs from what is live. */
  get dirty() {
    return this.version === 0 || !this.state.doc.eq(this.saved);
  }

  /** Whether it would be lost with the page: neither live nor on trial. */
  get unsaved() {
    return this.dirty && !this.onTrial;
  }

  /** Whether it is the text of the canary put from here. */
  get onTrial() {
    return !!this.trial && this.state.doc.eq(this.trial.text);
  }

  /** Take note that a text was stored. */
  stored(source, version) {
    this.saved = lines(source);
    this.version = version;
    this.trial = null;
  }

  /** Take note that a text was put on trial. */
  tried(source, version) {
    this.trial = { text: lines(source), version };
  }
}

/** An asset's text in the editor. `type` is its media type, `sha256` that of the content it began with, "" if there is none (any more). */
export class OpenAsset {
  constructor(name, read, { type, sha256 }, extensions) {
    this.name = name;
    this.type = type;
    this.isNew = !sha256;
    this.state = EditorState.create({ doc: read.text, extensions });
    this.stored(this.state.doc, sha256, read);
  }

  /** The text as it is now, with the line ends it had. */
  get source() {
    const { doc } = this.state;
    return doc.sliceString(0, doc.length, this.separator);
  }

  /** Whether it differs from what is stored. */
  get dirty() {
    return !this.sha256 || !this.state.doc.eq(this.saved);
  }

  /** Take note that a text was stored, with lines that end as `separator` says; `mixed` if not all of them do. */
  stored(text, sha256, { separator = this.separator ?? "\n", mixed = false } = {}) {
    this.saved = text;
    this.sha256 = sha256;
    this.isNew &&= !sha256;
    this.separator = separator;
    this.mixed = mixed;
  }
}

const lines = (source) => Text.of(source.split(/\r\n?|\n/));
