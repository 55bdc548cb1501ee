/** What a handler may give back; see docs/scripts.md, "Results". */
type HandlerResult =
  | string
  | Uint8Array
  | Response
  | ReadableStream
  | AsyncIterable<string | Uint8Array>
  | Iterable<unknown>
  | HandlerResponse
  | object;

interface HandlerResponse {
  /** 100–599, 200 by default. */
  status?: number;
  /** Text, bytes, a stream, or anything else as JSON. */
  body?: unknown;
  /** A stream of strings or bytes, instead of `body`. */
  stream?: ReadableStream | AsyncIterable<string | Uint8Array>;
  contentType?: string;
  headers?: Record<string, string | number | Array<string | number>> | Array<[string, string]> | Headers;
  cookies?: Record<string, string | null | CookieAttributes> | Array<CookieAttributes & { name: string }>;
}

interface CookieAttributes {
  /** null deletes the cookie. */
  value?: string | null;
  path?: string;
  domain?: string;
  /** Seconds. */
  maxAge?: number;
  expires?: Date | string | number;
  /** true by default. */
  httpOnly?: boolean;
  /** true on https by default. */
  secure?: boolean;
  /** "lax" by default. */
  sameSite?: "lax" | "strict" | "none";
  partitioned?: boolean;
}

interface UploadedFile {
  readonly field: string;
  readonly filename: string;
  readonly contentType: string;
  readonly size: number;
  bytes(): Uint8Array;
  text(): Promise<string>;
  arrayBuffer(): Promise<ArrayBuffer>;
}

interface RequestHeaders {
  readonly [lowerCaseName: string]: any;
  get(name: string): string | null;
  has(name: string): boolean;
  forEach(callback: (value: string, name: string) => void): void;
  entries(): IterableIterator<[string, string]>;
  keys(): IterableIterator<string>;
  values(): IterableIterator<string>;
}

/** The first argument of a handler. */
interface ScriptRequest {
  readonly method: string;
  readonly path: string;
  readonly url: string;
  readonly httpVersion: string;
  /** The last value of each name. */
  readonly query: Record<string, string>;
  readonly queryAll: Record<string, string[]>;
  readonly params: Record<string, string>;
  /** By lower-case name. */
  readonly headers: RequestHeaders;
  readonly cookies: Record<string, string>;
  readonly form: Record<string, string>;
  readonly files: UploadedFile[];
  /** Text where the body is UTF-8, else bytes. */
  readonly body: string | Uint8Array;
  /** The parsed body of a JSON type, else undefined. */
  readonly json: any;
  readonly ip: string;
  readonly requestId: string;
  readonly auth: any;
  text(): Promise<string>;
  bytes(): Promise<Uint8Array>;
  arrayBuffer(): Promise<ArrayBuffer>;
  blob(): Promise<Blob>;
  formData(): Promise<FormData>;
}

type Handler = (request: ScriptRequest) => HandlerResult | Promise<HandlerResult>;

/** Answer `method` requests of `path`: literal segments, `:name` for one, `/*` or `/*name` for the rest. */
declare function register(path: string, handler: Handler | string, method?: string, options?: object): void;

/** Have errors of this script's handlers answered by `handler(error, request)`. */
declare function registerErrorHandler(
  handler: ((error: any, request: ScriptRequest) => HandlerResult | Promise<HandlerResult>) | string,
): void;

/** The argument of a script's top-level function `init`. */
interface InitContext {
  readonly scriptName: string;
  readonly uri: string;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly isStartup: boolean;
}
