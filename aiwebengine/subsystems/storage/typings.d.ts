// Values that last, by key.

/** What JSON can say. Properties that are `undefined` are left out; a Date becomes text. */
type StoredValue = string | number | boolean | null | object;

interface StorageLifetime {
  /** Seconds after which the value is gone; without it, it stays. */
  ttl?: number;
}
interface StorageListOptions {
  /** Keys that begin so. */
  prefix?: string;
  /** How many at most: 1 to 1000, 100 by default. A page with values may be shorter. */
  limit?: number;
  /** The `cursor` of the page before, or any key: keys after it. */
  cursor?: string | null;
  /** The same as `cursor`. */
  after?: string | null;
  /** Whether to give the values too. */
  values?: boolean;
}
interface StorageKeys {
  /** In the order of their code points. */
  keys: string[];
  /** For the next page; null on the last one. */
  cursor: string | null;
}
interface StorageValues<T> extends StorageKeys {
  /** In the order of `keys`. */
  values: T[];
}
interface KeyedStorage {
  /** The value, `undefined` when there is none. */
  get<T = any>(key: string): Promise<T | undefined>;
  /** The values there are of at most 100 keys. */
  getMany<T = any>(keys: Iterable<string>): Promise<Map<string, T>>;
  set(key: string, value: StoredValue, options?: StorageLifetime): Promise<void>;
  /** Sets at most 100 values, all or none. */
  setMany(entries: Record<string, StoredValue> | Iterable<[string, StoredValue]>, options?: StorageLifetime): Promise<void>;
  /** Whether it was there. */
  delete(key: string): Promise<boolean>;
  list<T = any>(options: StorageListOptions & { values: true }): Promise<StorageValues<T>>;
  list(options?: StorageListOptions): Promise<StorageKeys>;
  /** Adds to a number and gives the sum. A key that is not there counts as 0; only then the `ttl` counts. */
  increment(key: string, by?: number, options?: StorageLifetime): Promise<number>;
  /**
   * Sets the value if the present one equals `expected`; whether it did. `undefined` as `expected`: there must be
   * none; as `value`: delete it.
   */
  compareAndSet(key: string, expected: StoredValue | undefined, value: StoredValue | undefined, options?: StorageLifetime): Promise<boolean>;
}
interface ScriptStorage extends KeyedStorage {
  /** The signed-in user's own values in this script. Rejects with an AuthenticationError, uncaught a 401, when nobody is. */
  readonly user: KeyedStorage;
}
/** Values of this script that outlive the request, by key. */
declare const storage: ScriptStorage;
