import { useMemo, useSyncExternalStore } from "react";

import { useSession } from "../bridge/context";

/** The version of the run's numbers, at most once a frame of the screen. */
export function useVersion(): number {
  const { runs } = useSession();
  const subscribe = useMemo(() => {
    return (changed: () => void) => {
      let frame = 0;
      const later = () => {
        if (frame) return;
        frame = requestAnimationFrame(() => {
          frame = 0;
          changed();
        });
      };
      const stop = runs.subscribe(later);
      return () => {
        stop();
        cancelAnimationFrame(frame);
      };
    };
  }, [runs]);
  return useSyncExternalStore(subscribe, () => runs.version);
}
