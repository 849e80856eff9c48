// What the quick-add box does with its text.

import type { PreviewLayer, TextError } from "../contract";
import { titleOf } from "../graph/document";
import { TEXT } from "../ui/text";
import type { Editor } from "./editor";
import type { QuickAdd } from "./page";

export interface Preview {
  text: string;
  layers: PreviewLayer[];
  error: TextError | null;
}

/** The call that the typed layers follow. */
export function previous(editor: Editor, quickAdd: QuickAdd | null): string | null {
  if (quickAdd?.replace) return editor.graph.calls.get(quickAdd.replace)?.inputs[0]?.[0] ?? null;
  if (quickAdd?.on) return quickAdd.on.source;
  return quickAdd?.after !== undefined ? quickAdd.after : editor.appendsTo();
}

/** Add what the text means, where the box was opened for. */
export async function commit(editor: Editor, quickAdd: QuickAdd | null, preview: Preview): Promise<void> {
  const { text, layers } = preview;
  if (quickAdd?.replace && layers[0]) {
    if (layers.length > 1) throw new Error(TEXT.quickAdd.oneOnly);
    editor.replace(quickAdd.replace, layers[0]);
  } else if (quickAdd?.merge && layers[0]) {
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

/** Where the layers will go, in words. */
export function contextOf(editor: Editor, quickAdd: QuickAdd | null): string {
  if (quickAdd?.replace) return TEXT.quickAdd.replacing(titleOf(editor.graph, quickAdd.replace));
  if (quickAdd?.merge) return TEXT.quickAdd.merging(quickAdd.merge.length);
  if (quickAdd?.on)
    return TEXT.quickAdd.onWire(titleOf(editor.graph, quickAdd.on.source), titleOf(editor.graph, quickAdd.on.target));
  const after = previous(editor, quickAdd);
  return after ? TEXT.quickAdd.after(titleOf(editor.graph, after)) : TEXT.quickAdd.alone;
}
