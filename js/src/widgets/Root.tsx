import { type CSSProperties, type ReactNode, type RefObject, useEffect, useRef, useState } from "react";

import { SessionContext } from "../bridge/context";
import type { Session } from "../bridge/session";
import { useStore } from "../bridge/store";
import { useTrait } from "../bridge/useTrait";
import { useClipboard } from "../editor/Clipboard";
import { EditorContext, useEditor } from "../editor/context";
import { Editor } from "../editor/editor";
import { Sheet } from "../editor/Sheet";
import { announcementOf } from "../editor/selectors";
import { useKeys } from "../editor/useKeys";
import { useTheme } from "../ui/theme";

function Announcer() {
  const text = useStore(useEditor().page, announcementOf);
  return (
    <div className="kv-hidden" role="status" aria-live="polite">
      {text}
    </div>
  );
}

/** Keeps the page's selection and the kernel's the same: the kernel may set it too. */
function useSelectionFromKernel() {
  const editor = useEditor();
  const [selection] = useTrait("selection");
  useEffect(() => editor.adopt(selection), [editor, selection]);
}

/** Whether there is only room for one column. */
function useNarrow(box: RefObject<HTMLElement | null>): boolean {
  const [narrow, setNarrow] = useState(false);
  useEffect(() => {
    const watch = new ResizeObserver(([entry]) => entry && setNarrow(entry.contentRect.width <= 760));
    if (box.current) watch.observe(box.current);
    return () => watch.disconnect();
  }, [box]);
  return narrow;
}

/** What every view is in: theme, size, keys, clipboard, and the voice for screen readers. */
function Frame({ view, children }: { view: string; children(panning: boolean): ReactNode }) {
  const editor = useEditor();
  const theme = useTheme();
  const [height] = useTrait("height");
  const [wanted] = useTrait("theme");
  const box = useRef<HTMLDivElement>(null);
  const narrow = useNarrow(box);
  const { panning, ...keys } = useKeys(editor);
  const clipboard = useClipboard(editor);
  useSelectionFromKernel();
  return (
    <div
      ref={box}
      className={`kv-root kv-view-${view}`}
      data-narrow={narrow}
      data-theme={theme}
      data-follow={wanted === "auto"}
      data-lm-suppress-shortcuts="true"
      style={{ "--kv-height": `${height}px` } as CSSProperties}
      onKeyDownCapture={clipboard.onKeyDownCapture}
      {...keys}
    >
      {children(panning)}
      {clipboard.element}
      <Sheet />
      <Announcer />
    </div>
  );
}

interface RootProps {
  session: Session;
  view: string;
  children(panning: boolean): ReactNode;
}

export function Root({ session, view, children }: RootProps) {
  const [editor] = useState(() => new Editor(session));
  return (
    <SessionContext value={session}>
      <EditorContext value={editor}>
        <Frame view={view}>{children}</Frame>
      </EditorContext>
    </SessionContext>
  );
}
