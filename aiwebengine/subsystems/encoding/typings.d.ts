// Escaping, templates, text encodings, base64, hashes and dates.

/** A text marked as html: it goes into an html`…` template unescaped and is sent as text/html. */
interface Html {
  toString(): string;
  toJSON(): string;
}

/** Escapes text for element content and for attribute values in quotes. */
declare function escapeHtml(text: string | number | bigint | boolean | object): string;
/** Escapes text for the inside of a JavaScript string or template literal, in `<script>`, an event attribute or JSON. */
declare function escapeJs(text: string | number | bigint | boolean | object): string;
/** Escapes text for use as a CSS identifier or inside a CSS string. */
declare function escapeCss(text: string | number | bigint | boolean | object): string;
/** Percent-encodes one path segment or query value; all but `A-Z a-z 0-9 - . _ ~`. */
declare function encodeUrl(text: string | number | bigint | boolean | object): string;
/** Undoes percent-encoding; `+` stays `+`. @throws RangeError for a malformed escape */
declare function decodeUrl(text: string): string;

interface HtmlTag {
  /**
   * A template whose values are escaped. Arrays are joined; null, undefined and false give nothing; html is taken
   * as it is. A value inside `<script>` must be a number or `html.json(value)`.
   */
  (strings: TemplateStringsArray, ...values: unknown[]): Html;
  /** Marks a text as html. The caller vouches for it. */
  raw(text: string | Html): Html;
  /** JSON of a value, safe inside `<script>`. */
  json(value: unknown): Html;
}
declare const html: HtmlTag;

interface Base64Options {
  /** `-` and `_` instead of `+` and `/`, and no padding. Default false. */
  urlSafe?: boolean;
}
declare const base64: {
  /** Text (as UTF-8) or bytes to base64. */
  encode(data: string | ArrayBuffer | ArrayBufferView, options?: Base64Options & { padding?: boolean }): string;
  /** Base64 to bytes. @throws RangeError when text is not base64 */
  decode(text: string, options: Base64Options & { as: "bytes" }): Uint8Array;
  /** Base64 to text. @throws RangeError when text is not base64 or holds no UTF-8 */
  decode(text: string, options?: Base64Options & { as?: "text" }): string;
};

type HashAlgorithm =
  | "md5" | "sha1" | "sha256" | "sha384" | "sha512"
  | "MD5" | "SHA1" | "SHA256" | "SHA384" | "SHA512"
  | "sha-1" | "sha-256" | "sha-384" | "sha-512"
  | "SHA-1" | "SHA-256" | "SHA-384" | "SHA-512";
/** The digest of text (as UTF-8) or bytes, as bytes. */
declare function hash(
  algorithm: HashAlgorithm, data: string | ArrayBuffer | ArrayBufferView, options: { as: "bytes" }): Uint8Array;
/** The digest of text (as UTF-8) or bytes, in lower-case hexadecimal or base64. */
declare function hash(
  algorithm: HashAlgorithm, data: string | ArrayBuffer | ArrayBufferView, options?: { as?: "hex" | "base64" }): string;
/** The keyed digest (RFC 2104) of text or bytes, as bytes. */
declare function hmac(
  algorithm: HashAlgorithm, key: string | ArrayBuffer | ArrayBufferView, data: string | ArrayBuffer | ArrayBufferView,
  options: { as: "bytes" }): Uint8Array;
/** The keyed digest (RFC 2104) of text or bytes, in lower-case hexadecimal or base64. */
declare function hmac(
  algorithm: HashAlgorithm, key: string | ArrayBuffer | ArrayBufferView, data: string | ArrayBuffer | ArrayBufferView,
  options?: { as?: "hex" | "base64" }): string;

interface DateOptions {
  /** `"UTC"` (the default) or an offset such as `"+02:00"`. */
  timeZone?: string;
}
/**
 * A date as text. `pattern` is `"iso"` (the default), `"http"`, `"date"`, `"time"`, or fields such as
 * `yyyy-MM-dd HH:mm:ss`; text stands in 'quotes'.
 */
declare function formatDate(date: Date | number | string, pattern?: string, options?: DateOptions): string;
/** The Date an ISO 8601 or HTTP date names, or one of the given pattern. @throws RangeError when it names none */
declare function parseDate(text: string, pattern?: string, options?: DateOptions): Date;

/** Base64 to a string of code units 0-255. */
declare function atob(data: string): string;
/** A string of code units 0-255 to base64. */
declare function btoa(data: string): string;

interface TextEncoder {
  readonly encoding: "utf-8";
  encode(input?: string): Uint8Array;
  encodeInto(source: string, destination: Uint8Array): { read: number; written: number };
}
declare var TextEncoder: { prototype: TextEncoder; new (): TextEncoder };

interface TextDecoder {
  readonly encoding: "utf-8" | "utf-16le" | "utf-16be" | "windows-1252";
  readonly fatal: boolean;
  readonly ignoreBOM: boolean;
  decode(input?: ArrayBuffer | ArrayBufferView, options?: { stream?: boolean }): string;
}
declare var TextDecoder: {
  prototype: TextDecoder;
  new (label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean }): TextDecoder;
};
