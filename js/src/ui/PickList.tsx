import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";

import { Options } from "./Options";

export interface Pick {
  id: string;
  content: ReactNode;
}

interface PickListProps {
  title: string;
  search: string;
  none: string;
  picks(query: string): Pick[];
  onTake(id: string): void;
  onClose(): void;
  onLeave(): void;
}

/** A popup with a field and what fits its text: arrow keys choose, Enter takes, Escape closes. */
export function PickList({ title, search, none, picks, onTake, onClose, onLeave }: PickListProps) {
  const id = useId();
  const [query, setQuery] = useState("");
  const [choice, setChoice] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);
  const found = picks(query);
  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    const chosen = found[choice];
    if (step !== 0) setChoice((choice + step + found.length) % Math.max(1, found.length));
    else if (event.key === "Enter") chosen && onTake(chosen.id);
    else if (event.key === "Escape") onClose();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className="kv-popup" role="dialog" aria-label={title} onKeyDown={onKeyDown}>
      <h3>{title}</h3>
      <input
        ref={input}
        value={query}
        role="combobox"
        spellCheck={false}
        autoComplete="off"
        aria-expanded={found.length > 0}
        aria-controls={id}
        aria-activedescendant={found.length > 0 ? `${id}-${choice}` : undefined}
        placeholder={search}
        aria-label={search}
        onBlur={onLeave}
        onChange={(event) => {
          setQuery(event.target.value);
          setChoice(0);
        }}
      />
      {found.length === 0 && (
        <p className="kv-quiet" role="status">
          {none}
        </p>
      )}
      <Options
        id={id}
        label={title}
        chosen={choice}
        onTake={(index) => found[index] && onTake(found[index].id)}
        options={found.map((pick) => ({ key: pick.id, content: pick.content }))}
      />
    </div>
  );
}
