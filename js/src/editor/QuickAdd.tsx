import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from "react";

import { useStore } from "../bridge/store";
import { useTrait } from "../bridge/useTrait";
import type { TextError } from "../contract";
import { completed, suggest } from "../graph/suggest";
import { Button } from "../ui/Button";
import { Icon } from "../ui/icons";
import { TEXT } from "../ui/text";
import { commit, contextOf } from "./adding";
import { useEditor } from "./context";
import { QuickAddHelp } from "./QuickAddHelp";
import { quickAddOf, selectionOf } from "./selectors";
import { usePreview } from "./usePreview";

function Underlined({ text, error }: { text: string; error: TextError | null }) {
  if (!error || error.end <= error.start) return null;
  return (
    <span className="kv-underline" aria-hidden="true">
      {text.slice(0, error.start)}
      <u>{text.slice(error.start, Math.max(error.end, error.start + 1)) || " "}</u>
    </span>
  );
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
  /** Enter was pressed before the kernel had answered. */
  const hasty = useRef<{ text: string; goOn: boolean } | null>(null);
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
    hasty.current = null;
    if (preview.text !== text) hasty.current = { text, goOn };
    if (!text.trim() || preview.text !== text || preview.error || preview.layers.length === 0) return;
    commit(editor, quickAdd, preview).then(
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
  // biome-ignore lint/correctness/useExhaustiveDependencies: once the kernel has said what the text means
  useEffect(() => {
    if (hasty.current?.text === preview.text && text === preview.text) submit(hasty.current.goOn);
  }, [preview]);
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
        <QuickAddHelp
          context={contextOf(editor, quickAdd)}
          preview={preview}
          list={list}
          suggestions={suggestions}
          choice={choice}
          isTyping={preview.error !== null && suggestions.length > 0 && preview.error.end >= caret}
          onTake={(taken) => put(completed(text, caret, taken))}
        />
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
