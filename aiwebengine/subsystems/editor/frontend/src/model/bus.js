/** Who wants to know what, within the page. */

/** A set of listeners by topic. */
export class Bus {
  constructor() {
    this.listeners = new Map();
  }

  /** Have `listener(...values)` called for a topic; gives the function that ends it. */
  on(topic, listener) {
    if (!this.listeners.has(topic)) this.listeners.set(topic, new Set());
    this.listeners.get(topic).add(listener);
    return () => this.listeners.get(topic).delete(listener);
  }

  /** Tell the listeners of a topic. */
  tell(topic, ...values) {
    for (const listener of this.listeners.get(topic) ?? []) listener(...values);
  }
}
