import { useCallback, useEffect, useState } from "react";

import { useSession } from "../bridge/context";
import { type Answer, failureOf, type Method, type Params } from "../bridge/request";
import type { Failure, Requests } from "../contract";

export interface Asked<M extends Method> {
  answer: Answer<Requests[M]["result"]> | null;
  failure: Failure | null;
  asking: boolean;
  again(): void;
}

/** The kernel's answer to a question; asked anew when the question changes. `null` asks nothing. */
export function useAnswer<M extends Method>(method: M, params: Params<M> | null, occasion: unknown = null): Asked<M> {
  const session = useSession();
  const question = params === null ? null : JSON.stringify(params);
  const [times, setTimes] = useState(0);
  const [state, setState] = useState<Omit<Asked<M>, "again">>({ answer: null, failure: null, asking: false });
  // biome-ignore lint/correctness/useExhaustiveDependencies: `times` and `occasion` ask again
  useEffect(() => {
    if (question === null) {
      setState({ answer: null, failure: null, asking: false });
      return;
    }
    let stale = false;
    setState((before) => ({ ...before, asking: true }));
    session.ask(method, JSON.parse(question) as Params<M>).then(
      (answer) => !stale && setState({ answer, failure: null, asking: false }),
      (error: unknown) => !stale && setState({ answer: null, failure: failureOf(error), asking: false }),
    );
    return () => {
      stale = true;
    };
  }, [session, method, question, times, occasion]);
  return { ...state, again: useCallback(() => setTimes((before) => before + 1), []) };
}
