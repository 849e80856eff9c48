import { useCallback, useSyncExternalStore } from "react";

import type { Traits } from "../contract";
import { useSession } from "./context";

/** A trait and a setter, as useState: Python sees every change, and so does the page. */
export function useTrait<K extends keyof Traits>(name: K): [Traits[K], (value: Traits[K]) => void] {
  const session = useSession();
  const subscribe = useCallback((changed: () => void) => session.onTrait(name, changed), [session, name]);
  const value = useSyncExternalStore(subscribe, () => session.trait(name));
  const set = useCallback((next: Traits[K]) => session.setTrait(name, next), [session, name]);
  return [value, set];
}
