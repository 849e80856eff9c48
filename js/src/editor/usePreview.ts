import { useEffect, useState } from "react";

import { useSession } from "../bridge/context";
import { failureOf } from "../bridge/request";
import { useStore } from "../bridge/store";
import { findLayers } from "../graph/suggest";
import { type Preview, previous } from "./adding";
import { useEditor } from "./context";
import type { QuickAdd } from "./page";
import { graphOf, selectionOf } from "./selectors";

const NOTHING: Preview = { text: "", layers: [], error: null };

/** What the kernel says the text means; an answer to an older text is dropped. */
export function usePreview(text: string, quickAdd: QuickAdd | null): Preview {
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
    const named = quickAdd?.replace && /^\s*\S+\s*$/.test(text) && findLayers([...editor.kinds.values()], text)[0];
    if (named) {
      show({ text, layers: [{ kind: named.kind, args: {}, shape: null }], error: null }); // it brings its arguments
      return;
    }
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
