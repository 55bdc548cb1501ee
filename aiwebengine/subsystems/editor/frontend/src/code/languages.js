/** Languages of assets. */

import { css } from "@codemirror/lang-css";
import { html } from "@codemirror/lang-html";
import { javascript } from "@codemirror/lang-javascript";

const LANGUAGES = { css, html, javascript };

/** The extension for a language as `languageOf` names it; none for "". */
export const language = (name) => LANGUAGES[name]?.() ?? [];
