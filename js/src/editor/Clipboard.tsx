import { type ClipboardEvent, type KeyboardEvent, useRef } from "react";

import type { Editor } from "./editor";

/**
 * Copy, cut and paste by the browser's own events, which need no permission: the keys put the focus on a hidden
 * text area for a moment, where the event then arrives.
 */
export function useClipboard(editor: Editor) {
  const area = useRef<HTMLTextAreaElement>(null);
  const keepIncoming = useRef(false);

  const onKeyDownCapture = (event: KeyboardEvent) => {
    const mod = event.ctrlKey || event.metaKey;
    const target = event.target as Element;
    if (!mod || !/^[cxv]$/i.test(event.key) || target.closest(".kv-canvas") === null || !area.current) return;
    keepIncoming.current = event.shiftKey;
    area.current.value = "-";
    area.current.focus({ preventScroll: true });
    area.current.select();
  };
  const back = (event: ClipboardEvent) => {
    event.preventDefault();
    event.stopPropagation();
    editor.focus(editor.page.get().focused);
  };
  const events = {
    onCopy: (event: ClipboardEvent) => {
      event.clipboardData.setData("text/plain", editor.copy());
      back(event);
    },
    onCut: (event: ClipboardEvent) => {
      event.clipboardData.setData("text/plain", editor.copy());
      back(event);
      editor.remove(true);
    },
    onPaste: (event: ClipboardEvent) => {
      const text = event.clipboardData.getData("text/plain");
      back(event);
      editor.paste(text, keepIncoming.current);
    },
  };
  const element = (
    <textarea ref={area} className="kv-hidden" tabIndex={-1} aria-hidden="true" defaultValue="-" {...events} />
  );
  return { onKeyDownCapture, element };
}
