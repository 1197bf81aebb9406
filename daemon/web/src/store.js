// A value that outlives the page that shows it, and those who want to know when it changes.
import { useLayoutEffect, useState } from "preact/hooks";

export function createStore(value) {
  const listeners = new Set();
  return {
    get: () => value,
    set(next) {
      value = typeof next === "function" ? next(value) : next;
      for (const listener of [...listeners]) listener(value);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** The store's value, for a component that is drawn again when it changes. */
export function useStore(store) {
  const [value, setValue] = useState(() => store.get());
  useLayoutEffect(() => {
    setValue(() => store.get());  // a child's effect may have changed it just now
    return store.subscribe((next) => setValue(() => next));
  }, [store]);
  return value;
}
