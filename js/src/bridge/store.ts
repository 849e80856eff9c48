import { useCallback, useSyncExternalStore } from "react";

/** A value that tells its readers when it changes. */
export class Store<State extends object> {
  private readonly readers = new Set<() => void>();

  constructor(private state: State) {}

  readonly get = (): State => this.state;

  set(change: Partial<State>): void {
    const names = Object.keys(change) as (keyof State)[];
    if (names.every((name) => Object.is(this.state[name], change[name]))) return;
    this.state = { ...this.state, ...change };
    for (const reader of [...this.readers]) reader();
  }

  readonly subscribe = (reader: () => void): (() => void) => {
    this.readers.add(reader);
    return () => this.readers.delete(reader);
  };
}

/** One slice of a store. Selectors are defined outside components and return stable values. */
export function useStore<State extends object, Slice>(store: Store<State>, select: (state: State) => Slice): Slice {
  return useSyncExternalStore(store.subscribe, () => select(store.get()));
}

/** A slice that depends on a key, such as one node's. */
export function useSlice<State extends object, Key, Slice>(
  store: Store<State>,
  select: (state: State, key: Key) => Slice,
  key: Key,
): Slice {
  const read = useCallback(() => select(store.get(), key), [store, select, key]);
  return useSyncExternalStore(store.subscribe, read);
}
