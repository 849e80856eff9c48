import { useState } from "react";

import { useTrait } from "../bridge/useTrait";
import type { RunError } from "../contract";
import { IconButton } from "../ui/Button";
import { FailureNote } from "../ui/Notice";
import { TEXT } from "../ui/text";

/** Why a run failed, where the person looks. */
export function RunFailure({ onShow }: { onShow?(call: string): void }) {
  const [error] = useTrait("error");
  const [closed, setClosed] = useState<RunError | null>(null);
  if (!error?.message || closed === error) return null;
  const { call, traceback } = error;
  return (
    <div className="kv-run-failure">
      <div>
        <h3>{TEXT.run.failed}</h3>
        <FailureNote failure={error} />
        {call && onShow && (
          <button type="button" className="kv-button kv-button-soft" onClick={() => onShow(call)}>
            {TEXT.run.showLayer}
          </button>
        )}
        {traceback && (
          <details>
            <summary>{TEXT.run.traceback}</summary>
            <pre className="kv-code">{traceback}</pre>
          </details>
        )}
      </div>
      <IconButton icon="close" label={TEXT.run.dismiss} onClick={() => setClosed(error)} />
    </div>
  );
}
