import { createContext, useContext } from "react";

import type { Editor } from "./editor";

export const EditorContext = createContext<Editor | null>(null);

export function useEditor(): Editor {
  const editor = useContext(EditorContext);
  if (!editor) throw new Error("an editor component needs an EditorContext");
  return editor;
}
