// Files that last: `assets`.

/** What is known of an asset. */
interface AssetInfo {
  /** Like a relative path, such as "img/logo.png". */
  readonly name: string;
  readonly contentType: string;
  /** In bytes. */
  readonly size: number;
  /** Of the content, hexadecimal. */
  readonly sha256: string;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly updatedAt: string;
  /** Whether everybody may fetch it at `url`. */
  readonly public: boolean;
  /** The path at which it is served, null when it is not public. */
  readonly url: string | null;
  readonly metadata: Record<string, any>;
}

/** An asset with its content. */
interface Asset extends AssetInfo {
  bytes(): Promise<Uint8Array>;
  arrayBuffer(): Promise<ArrayBuffer>;
  /** As UTF-8; bytes that are none become U+FFFD. */
  text(): Promise<string>;
  json(): Promise<any>;
}

/** A picture that was made of an asset; it is not kept. */
interface AssetImage {
  readonly contentType: string;
  /** In pixels. */
  readonly width: number;
  readonly height: number;
  /** In bytes. */
  readonly size: number;
  bytes(): Promise<Uint8Array>;
  arrayBuffer(): Promise<ArrayBuffer>;
}

interface AssetImageOptions {
  /** In pixels, up to 8192. A picture is never made larger than it is. */
  width?: number;
  height?: number;
  /** "inside" (default): whole within width and height; "cover": filling both, cut at the edges. */
  fit?: "inside" | "cover";
  /** Default: the picture's own. */
  format?: "avif" | "gif" | "jpeg" | "png" | "webp";
  /** Of jpeg, webp and avif: 1 to 100, default 80. */
  quality?: number;
}

interface AssetPutOptions {
  /** Default: the type of a Blob or uploaded file, else by the name. */
  contentType?: string;
  /** Whether everybody may fetch it; default false. */
  public?: boolean;
  /** Any JSON object, up to 8192 bytes. */
  metadata?: Record<string, any>;
  /** The `sha256` that the present content must have, else nothing is done. */
  ifMatch?: string;
  /** There must be no asset of that name, else nothing is done. */
  ifNoneMatch?: "*";
}

interface Assets {
  /** An asset with its content, null when there is none. */
  get(name: string): Promise<Asset | null>;
  /** What is known of an asset, null when there is none. */
  stat(name: string): Promise<AssetInfo | null>;
  /**
   * Keeps a file, replacing the one of that name with its metadata. Null when `ifMatch` or `ifNoneMatch` kept it from that.
   * Throws RangeError for bad names and what is too large, TypeError for types that are not allowed.
   */
  put(
    name: string,
    data: string | ArrayBuffer | ArrayBufferView | Blob | UploadedFile,
    options?: AssetPutOptions,
  ): Promise<AssetInfo | null>;
  /**
   * A smaller picture of an asset, or one in another format; null when there is no asset of that name. The server needs Pillow.
   * Throws RangeError for what is no picture, is damaged, or has too many pixels.
   */
  image(name: string, options?: AssetImageOptions): Promise<AssetImage | null>;
  /** Whether there was one. */
  delete(name: string): Promise<boolean>;
  /** By name, at most `limit` (default 100, up to 1000); `cursor` gives what follows, null at the end. */
  list(options?: { prefix?: string; limit?: number; cursor?: string | null }): Promise<{ assets: AssetInfo[]; cursor: string | null }>;
}
declare const assets: Assets;
