import type { ReactNode } from "react";

import type { Failure } from "../contract";
import { Icon } from "./icons";
import { TEXT } from "./text";

export function Empty({ children }: { children: ReactNode }) {
  return <p className="kv-empty-note">{children}</p>;
}

/** An error in its four parts. */
export function FailureNote({ failure }: { failure: Failure }) {
  const parts = [
    [TEXT.problems.expected, failure.expected],
    [TEXT.problems.got, failure.got],
  ] as const;
  return (
    <div className="kv-failure" role="alert">
      <Icon name="error" />
      <div>
        <p>{failure.message}</p>
        {parts.some(([, value]) => value) && (
          <dl>
            {parts.map(([name, value]) =>
              value ? (
                <div key={name}>
                  <dt>{name}</dt>
                  <dd>{value}</dd>
                </div>
              ) : null,
            )}
          </dl>
        )}
        {failure.hint && !failure.message.includes(failure.hint) && <p className="kv-quiet">{failure.hint}</p>}
      </div>
    </div>
  );
}
