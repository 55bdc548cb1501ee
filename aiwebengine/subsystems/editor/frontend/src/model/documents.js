/** The scripts that are open, with their unsaved text. */

import { EditorState, Text } from "@codemirror/state";

/** A script's text in the editor: what was read or saved last, and what it is now. */
export class OpenDocument {
  /** `version` is the one the text began with, 0 for a script that is not stored yet. */
  constructor(uri, source, version, extensions) {
    this.uri = uri;
    this.version = version;
    this.deleted = false;
    this.problems = [];
    this.state = EditorState.create({ doc: source, extensions });
    this.saved = this.state.doc;
  }

  /** The text as it is now. */
  get source() {
    return this.state.doc.toString();
  }

  /** Whether it differs from what is stored. */
  get dirty() {
    return this.version === 0 || !this.state.doc.eq(this.saved);
  }

  /** Take note that a text was stored. */
  stored(source, version) {
    this.saved = Text.of(source.split(/\r\n?|\n/));
    this.version = version;
  }
}
