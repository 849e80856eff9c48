import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from "react";

import { useStore } from "../bridge/store";
import { legalTargets } from "../graph/connect";
import { titleOf } from "../graph/document";
import { Options } from "../ui/Options";
import { TEXT } from "../ui/text";
import { useEditor } from "./context";
import { connectingOf } from "./selectors";

/** Connecting by keyboard: the legal targets, by name. */
function List({ source }: { source: string }) {
  const editor = useEditor();
  const id = useId();
  const [query, setQuery] = useState("");
  const [choice, setChoice] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);
  const targets = useMemo(() => {
    const low = query.toLowerCase();
    const all = legalTargets(editor.graph, editor.kinds, source);
    return all.filter((target) => `${target.title} ${target.kind}`.toLowerCase().includes(low)).slice(0, 12);
  }, [editor, source, query]);
  const close = () => {
    editor.page.set({ connecting: null });
    editor.focus(source);
  };
  const take = (id: string | undefined) => {
    if (!id) return;
    editor.page.set({ connecting: null });
    editor.connect([source, 0], id);
    editor.visit(id);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0) setChoice((choice + step + targets.length) % Math.max(1, targets.length));
    else if (event.key === "Enter") take(targets[choice]?.id);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div
      className="kv-popup"
      role="dialog"
      aria-label={TEXT.connect.title(titleOf(editor.graph, source))}
      onKeyDown={onKeyDown}
    >
      <h3>{TEXT.connect.title(titleOf(editor.graph, source))}</h3>
      <input
        ref={input}
        value={query}
        role="combobox"
        aria-expanded={targets.length > 0}
        aria-controls={id}
        aria-activedescendant={targets.length > 0 ? `${id}-${choice}` : undefined}
        placeholder={TEXT.connect.search}
        aria-label={TEXT.connect.search}
        onBlur={() => editor.page.set({ connecting: null })}
        onChange={(event) => {
          setQuery(event.target.value);
          setChoice(0);
        }}
      />
      {targets.length === 0 && <p className="kv-quiet">{TEXT.connect.none}</p>}
      <Options
        id={id}
        label={TEXT.connect.title(titleOf(editor.graph, source))}
        chosen={choice}
        onTake={(index) => take(targets[index]?.id)}
        options={targets.map((target) => ({
          key: target.id,
          content: (
            <>
              <b>{target.title}</b>
              <span>
                {target.distance > 0 ? TEXT.connect.after(target.distance) : TEXT.connect.before(-target.distance)}
                {target.replaces && ` · ${TEXT.connect.replaces}`}
              </span>
            </>
          ),
        }))}
      />
    </div>
  );
}

export function ConnectList() {
  const source = useStore(useEditor().page, connectingOf);
  return source ? <List source={source} /> : null;
}
