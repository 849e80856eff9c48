import { type ConnectionState, useConnection } from "@xyflow/react";

import type { Tensor } from "../contract";
import { TEXT } from "../ui/text";
import { useEditor } from "./context";

export interface Fit {
  state: "open" | "closed" | "misfit";
  /** In a few words, on the node. */
  short: string | null;
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
  if (refused) return { state: "closed", short: null, reason: refused };
  const tensor: Tensor = [source, type === "source" ? Number(handle.slice(4)) : 0];
  const reason = editor.misfit(tensor, target);
  if (reason === null) return { state: "open", short: null, reason };
  return { state: "misfit", short: TEXT.node.needs(editor.kinds.get(editor.kindOf(target))?.rank ?? 0), reason };
}
