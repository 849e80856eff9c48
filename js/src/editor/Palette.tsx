import { type KeyboardEvent, useId, useMemo, useRef, useState } from "react";

import { useTrait } from "../bridge/useTrait";
import type { LayerSpec } from "../contract";
import { rarity } from "../graph/popular";
import { findLayers } from "../graph/suggest";
import { IconButton } from "../ui/Button";
import { FamilyIcon, Icon } from "../ui/icons";
import { useRemembered } from "../ui/remember";
import { TEXT } from "../ui/text";
import { useEditor } from "./context";
import { DRAGGED } from "./gestures";

/** Groups, and layers in them, in the order in which people need them. */
function grouped(layers: LayerSpec[]): [string, LayerSpec[]][] {
  const groups = new Map<string, LayerSpec[]>(Object.keys(TEXT.categories).map((category) => [category, []]));
  for (const spec of layers) {
    const category = groups.has(spec.category) ? spec.category : "other";
    groups.get(category)?.push(spec);
  }
  return [...groups].flatMap(([category, specs]): [string, LayerSpec[]][] =>
    specs.length > 0 ? [[category, specs.sort((a, b) => rarity(a.kind) - rarity(b.kind))]] : [],
  );
}

function Entry({ spec, onAdd }: { spec: LayerSpec; onAdd(kind: string): void }) {
  return (
    <button
      type="button"
      className={`kv-entry kv-family-${spec.category}`}
      data-kind={spec.kind}
      draggable
      tabIndex={-1}
      title={spec.doc ? `${spec.kind}: ${spec.doc}` : spec.kind}
      onDragStart={(event) => {
        event.dataTransfer.setData(DRAGGED, spec.kind);
        event.dataTransfer.effectAllowed = "copy";
      }}
      onClick={() => onAdd(spec.kind)}
    >
      <span className="kv-entry-icon">
        <FamilyIcon family={spec.category} size={14} />
      </span>
      <span>{spec.kind}</span>
    </button>
  );
}

interface GroupProps {
  category: string;
  specs: LayerSpec[];
  open: boolean;
  onToggle(): void;
  onAdd(kind: string): void;
}

function Group({ category, specs, open, onToggle, onAdd }: GroupProps) {
  const id = useId();
  return (
    <section>
      <h3>
        <button type="button" className="kv-group-head" aria-expanded={open} aria-controls={id} onClick={onToggle}>
          <Icon name="right" size={11} />
          {TEXT.categories[category]}
          {!open && <small>{specs.length}</small>}
        </button>
      </h3>
      <div id={id} hidden={!open}>
        {specs.map((spec) => (
          <Entry key={spec.kind} spec={spec} onAdd={onAdd} />
        ))}
      </div>
    </section>
  );
}

/** Arrow keys walk over search field and entries as one list. */
function walk(event: KeyboardEvent<HTMLElement>) {
  const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
  if (step === 0) return;
  event.preventDefault();
  const items = [...event.currentTarget.querySelectorAll<HTMLElement>("input, .kv-group-head, .kv-entry")].filter(
    (item) => item.offsetParent !== null,
  );
  const here = items.indexOf(event.target as HTMLElement);
  items[Math.min(items.length - 1, Math.max(0, here + step))]?.focus();
}

export function Palette() {
  const editor = useEditor();
  const [catalog] = useTrait("catalog");
  const [query, setQuery] = useState("");
  const [closed, setClosed] = useRemembered<string[]>("palette-closed", []);
  const search = useRef<HTMLInputElement>(null);
  const found = useMemo(() => findLayers(catalog.layers, query), [catalog, query]);
  const add = (kind: string) => {
    editor.append(kind);
    editor.page.set({ palette: false });
  };
  const first = found[0];
  return (
    <aside className="kv-palette" aria-label={TEXT.palette.title} onKeyDown={walk}>
      <div className="kv-search">
        <Icon name="search" size={14} />
        <input
          ref={search}
          type="search"
          value={query}
          placeholder={TEXT.palette.search}
          aria-label={TEXT.palette.search}
          onChange={(event) => setQuery(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && query && first) add(first.kind);
            if (event.key === "Escape" && query) {
              event.stopPropagation();
              setQuery("");
            }
          }}
        />
        <IconButton
          icon="close"
          label={TEXT.palette.close}
          className="kv-only-narrow"
          onClick={() => editor.page.set({ palette: false })}
        />
      </div>
      <div className="kv-entries">
        {found.length === 0 && <p className="kv-quiet">{TEXT.palette.none}</p>}
        {query
          ? found.map((spec) => <Entry key={spec.kind} spec={spec} onAdd={add} />)
          : grouped(found).map(([category, specs]) => (
              <Group
                key={category}
                category={category}
                specs={specs}
                open={!closed.includes(category)}
                onAdd={add}
                onToggle={() =>
                  setClosed(
                    closed.includes(category) ? closed.filter((other) => other !== category) : [...closed, category],
                  )
                }
              />
            ))}
      </div>
    </aside>
  );
}
