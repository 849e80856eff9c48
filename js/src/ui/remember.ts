import { useCallback, useState } from "react";

const PREFIX = "kerasviz:";

function recalled<T>(name: string, fallback: T): T {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(PREFIX + name) ?? "null");
    const alike = typeof found === typeof fallback && Array.isArray(found) === Array.isArray(fallback);
    return found !== null && alike ? (found as T) : fallback;
  } catch {
    return fallback; // no storage here, or not ours
  }
}

/** State that outlives the page, where the browser keeps anything at all. */
export function useRemembered<T>(name: string, fallback: T): [T, (value: T) => void] {
  const [value, setValue] = useState(() => recalled(name, fallback));
  const set = useCallback(
    (next: T) => {
      setValue(next);
      try {
        localStorage.setItem(PREFIX + name, JSON.stringify(next));
      } catch {
        // forgotten with the page
      }
    },
    [name],
  );
  return [value, set];
}
