import { useEffect } from "react";

import type { Problem } from "../contract";
import { titleOf } from "../graph/document";
import { Icon } from "../ui/icons";
import { TEXT } from "../ui/text";
import { useEditor } from "./context";

/** Buttons that mend a problem. */
export function Fixes({ problem }: { problem: Problem }) {
  const editor = useEditor();
  const fix = (index: number) =>
    editor.session.ask("fix", { problem: problem.id, index }).catch((error: unknown) => editor.fail(error));
  if (problem.fixes.length === 0) return null;
  return (
    <div className="kv-fixes">
      {problem.fixes.map((entry, index) => (
        <button key={entry.label} type="button" className="kv-button kv-button-soft" onClick={() => fix(index)}>
          {entry.label}
        </button>
      ))}
    </div>
  );
}

/** What is wrong, where, and buttons that mend it. */
export function ProblemCard({ problem, plain = false }: { problem: Problem; plain?: boolean }) {
  const editor = useEditor();
  const blame = (ids: readonly string[]) => editor.page.set({ blamed: ids });
  const { call } = problem;
  useEffect(() => () => editor.page.set({ blamed: [] }), [editor]); // a mended problem goes without the pointer's leave
  const facts = [
    [TEXT.problems.expected, problem.expected],
    [TEXT.problems.got, problem.got],
  ] as const;
  return (
    <article
      className={`kv-problem kv-tone-${problem.severity}`}
      onPointerEnter={() => blame([...(problem.blame ?? []), ...(call ? [call] : [])])}
      onPointerLeave={() => blame([])}
    >
      <Icon name={problem.severity} />
      <div>
        {!plain && call && editor.graph.calls.has(call) && (
          <button type="button" className="kv-link" onClick={() => editor.visit(call)} title={TEXT.problems.show}>
            {titleOf(editor.graph, call)}
          </button>
        )}
        <p>{problem.message}</p>
        {facts.some(([, value]) => value && !problem.message.includes(value)) && (
          <dl>
            {facts.map(([name, value]) =>
              value ? (
                <div key={name}>
                  <dt>{name}</dt>
                  <dd>{value}</dd>
                </div>
              ) : null,
            )}
          </dl>
        )}
        {problem.hint && !problem.message.includes(problem.hint) && <p className="kv-quiet">{problem.hint}</p>}
        <Fixes problem={problem} />
      </div>
    </article>
  );
}
