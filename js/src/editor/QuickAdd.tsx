import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from "react";

import { useSession } from "../bridge/context";
import { failureOf } from "../bridge/request";
import { useStore } from "../bridge/store";
import { useTrait } from "../bridge/useTrait";
import type { PreviewLayer, TextError } from "../contract";
import { titleOf } from "../graph/document";
import { brief, shapeChip } from "../graph/format";
import { completed, suggest } from "../graph/suggest";
import { Button } from "../ui/Button";
import { FamilyIcon, Icon } from "../ui/icons";
import { Options } from "../ui/Options";
import { TEXT } from "../ui/text";
import { useEditor } from "./context";
import type { Editor } from "./editor";
import type { QuickAdd } from "./page";
import { graphOf, quickAddOf, selectionOf } from "./selectors";

interface Preview {
  text: string;
  layers: PreviewLayer[];
  error: TextError | null;
}

const NOTHING: Preview = { text: "", layers: [], error: null };

function previous(editor: Editor, quickAdd: QuickAdd | null): string | null {
  if (quickAdd?.on) return quickAdd.on.source;
  return quickAdd?.after !== undefined ? quickAdd.after : editor.appendsTo();
}

/** What the kernel says the text means; an answer to an older text is dropped. */
function usePreview(text: string, quickAdd: QuickAdd | null): Preview {
  const editor = useEditor();
  const session = useSession();
  const graph = useStore(session.shared, graphOf);
  const selection = useStore(editor.page, selectionOf);
  const [preview, setPreview] = useState(NOTHING);
  // biome-ignore lint/correctness/useExhaustiveDependencies: graph and selection decide what the layers follow
  useEffect(() => {
    if (!text.trim()) {
      setPreview(NOTHING);
      editor.page.set({ ghosts: [] });
      return;
    }
    let stale = false;
    const show = (next: Preview) => {
      if (stale) return;
      setPreview(next);
      editor.page.set({ ghosts: next.layers });
    };
    session.ask("quick_add", { text, after: previous(editor, quickAdd), preview: true }).then(
      ({ result }) => show({ text, layers: result.layers ?? [], error: result.error ?? null }),
      (error: unknown) =>
        show({ text, layers: [], error: { message: failureOf(error).message, start: 0, end: text.length } }),
    );
    return () => {
      stale = true;
    };
  }, [text, quickAdd, graph, selection, session, editor]);
  return preview;
}

async function commit(editor: Editor, quickAdd: QuickAdd | null, preview: Preview): Promise<void> {
  const { text, layers } = preview;
  if (quickAdd?.merge && layers[0]) {
    editor.merge(layers[0].kind, quickAdd.merge);
  } else if (quickAdd?.on || quickAdd?.at) {
    const where = quickAdd.on
      ? { on: quickAdd.on }
      : { after: quickAdd.after ?? null, ...(quickAdd.at && { at: quickAdd.at }) };
    editor.add(layers, where);
  } else {
    const { result } = await editor.session.ask("quick_add", {
      text,
      after: previous(editor, quickAdd),
      preview: false,
    });
    if (result.calls?.length) editor.select(result.calls.slice(-1));
    setTimeout(() => editor.viewport.fit(), 80);
  }
}

function Chain({ preview }: { preview: Preview }) {
  const editor = useEditor();
  return (
    <ol className="kv-chain">
      {preview.layers.map((layer, index) => {
        const family = editor.kinds.get(layer.kind)?.category ?? "other";
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: the place in the chain is what it is
          <li key={index} className={`kv-family-${family}`}>
            <span className="kv-chain-layer">
              <FamilyIcon family={family} size={13} />
              {layer.kind}
              <small>{Object.values(layer.args).slice(0, 3).map(brief).join(" ")}</small>
            </span>
            {layer.shape && <span className="kv-chip">{shapeChip(layer.shape)}</span>}
          </li>
        );
      })}
    </ol>
  );
}

function Underlined({ text, error }: { text: string; error: TextError | null }) {
  if (!error || error.end <= error.start) return null;
  return (
    <span className="kv-underline" aria-hidden="true">
      {text.slice(0, error.start)}
      <u>{text.slice(error.start, Math.max(error.end, error.start + 1)) || " "}</u>
    </span>
  );
}

function contextOf(editor: Editor, quickAdd: QuickAdd | null): string {
  if (quickAdd?.merge) return TEXT.quickAdd.merging(quickAdd.merge.length);
  if (quickAdd?.on)
    return TEXT.quickAdd.onWire(titleOf(editor.graph, quickAdd.on.source), titleOf(editor.graph, quickAdd.on.target));
  const after = previous(editor, quickAdd);
  return after ? TEXT.quickAdd.after(titleOf(editor.graph, after)) : TEXT.quickAdd.alone;
}

export function QuickAddBox() {
  const editor = useEditor();
  const quickAdd = useStore(editor.page, quickAddOf);
  useStore(editor.page, selectionOf);
  const list = useId();
  const [catalog] = useTrait("catalog");
  const [text, setText] = useState("");
  const [caret, setCaret] = useState(0);
  const [active, setActive] = useState(false);
  const [choice, setChoice] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const preview = usePreview(active ? text : "", quickAdd);
  const suggestions = useMemo(() => suggest(catalog, text, caret), [catalog, text, caret]);
  useEffect(() => {
    if (quickAdd) input.current?.focus();
  }, [quickAdd]);
  const put = (next: { text: string; caret: number }) => {
    setText(next.text);
    setCaret(next.caret);
    setChoice(0);
    requestAnimationFrame(() => input.current?.setSelectionRange(next.caret, next.caret));
  };
  const close = () => {
    put({ text: "", caret: 0 });
    editor.closeQuickAdd();
  };
  const submit = (goOn: boolean) => {
    const current = preview.text === text ? preview : null;
    if (!text.trim() || !current || current.error || current.layers.length === 0) return;
    commit(editor, quickAdd, current).then(
      () => {
        put({ text: "", caret: 0 });
        if (goOn) editor.page.set({ quickAdd: {}, ghosts: [] });
        else {
          editor.page.set({ quickAdd: null, ghosts: [] });
          editor.focus(editor.selection.at(-1) ?? null);
        }
      },
      (error: unknown) => editor.fail(error),
    );
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const offered = suggestions[choice] ?? suggestions[0];
    if (event.key === "Tab" && offered && !event.shiftKey) {
      event.preventDefault();
      put(completed(text, caret, offered));
    } else if (event.key === "Enter") {
      event.preventDefault();
      event.stopPropagation();
      submit(event.shiftKey);
    } else if (event.key === "Escape") {
      event.stopPropagation();
      close();
      if (!editor.page.get().focused) input.current?.blur();
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && suggestions.length > 0) {
      event.preventDefault();
      setChoice((choice + (event.key === "ArrowDown" ? 1 : -1) + suggestions.length) % suggestions.length);
    }
  };
  const place = quickAdd?.place;
  const open = active && (text !== "" || quickAdd !== null);
  const style = place ? { left: place[0], top: place[1] } : undefined;
  return (
    <div className={place ? "kv-quick-add is-floating" : "kv-quick-add"} style={style} data-open={open}>
      {open && (
        <div className="kv-quick-help">
          <span className="kv-quiet">{contextOf(editor, quickAdd)}</span>
          {preview.error && (suggestions.length === 0 || preview.error.end < caret) ? (
            <p className="kv-quick-error" role="alert">
              <Icon name="error" size={13} /> {preview.error.message}
            </p>
          ) : (
            <Chain preview={preview} />
          )}
          {suggestions.length > 0 && (
            <Options
              id={list}
              label={TEXT.quickAdd.label}
              chosen={choice}
              onTake={(index) => {
                const taken = suggestions[index];
                if (taken) put(completed(text, caret, taken));
              }}
              options={suggestions.map((entry) => ({
                key: entry.text,
                content: (
                  <>
                    <code>{entry.text}</code>
                    <span>{entry.kind ?? entry.doc}</span>
                  </>
                ),
              }))}
            />
          )}
          <small className="kv-quiet">{TEXT.quickAdd.keys}</small>
        </div>
      )}
      <div className="kv-quick-line">
        <Icon name="plus" size={15} />
        <span className="kv-quick-input">
          <Underlined text={text} error={preview.text === text ? preview.error : null} />
          <input
            ref={input}
            value={text}
            spellCheck={false}
            autoComplete="off"
            role="combobox"
            aria-expanded={open && suggestions.length > 0}
            aria-controls={list}
            aria-activedescendant={open && suggestions.length > 0 ? `${list}-${choice}` : undefined}
            aria-label={TEXT.quickAdd.label}
            aria-invalid={preview.error !== null}
            placeholder={TEXT.quickAdd.placeholder}
            onFocus={() => setActive(true)}
            onBlur={() => {
              setActive(false);
              editor.page.set({ ghosts: [], ...(quickAdd?.place && { quickAdd: null }) });
            }}
            onChange={(event) => {
              setText(event.target.value);
              setCaret(event.target.selectionStart ?? event.target.value.length);
              setChoice(0);
            }}
            onSelect={(event) => setCaret(event.currentTarget.selectionStart ?? 0)}
            onKeyDown={onKeyDown}
          />
        </span>
        {text ? (
          <Button
            look="primary"
            disabled={preview.error !== null}
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => submit(false)}
          >
            {TEXT.quickAdd.add}
          </Button>
        ) : (
          <kbd>/</kbd>
        )}
      </div>
    </div>
  );
}
