import { type ConnectionState, useConnection } from "@xyflow/react";

import { useEditor } from "./context";

export interface Fit {
  state: "open" | "closed" | "misfit";
  reason: string | null;
}

/** From where a wire is being dragged: "source conv2d out-0". */
function draggedFrom({ inProgress, fromHandle }: ConnectionState): string | null {
  return inProgress && fromHandle ? `${fromHandle.type} ${fromHandle.id} ${fromHandle.nodeId}` : null;
}

/** While a wire is dragged: whether it may end at this node, and why not. */
export function useFit(id: string): Fit | null {
  const editor = useEditor();
  const dragged = useConnection(draggedFrom);
  if (dragged === null) return null;
  const [type, handle = "", ...rest] = dragged.split(" ");
  const other = rest.join(" ");
  if (other === id) return null;
  const [source, target] = type === "source" ? [other, id] : [id, other];
  const refused = editor.verdict(source, target);
  if (refused) return { state: "closed", reason: refused };
  const misfit = editor.misfit([source, type === "source" ? Number(handle.slice(4)) : 0], target);
  return { state: misfit ? "misfit" : "open", reason: misfit };
}
