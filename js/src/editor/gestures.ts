// What pointers do on the canvas: dropping layers, dragging wires.

import type { Connection, FinalConnectionState } from "@xyflow/react";
import { type DragEvent, useCallback } from "react";

import type { Position } from "../contract";
import { wiresOf } from "../graph/document";
import { NODE_HEIGHT, NODE_WIDTH, snapped } from "../graph/geometry";
import { outputNear } from "../graph/near";
import { useEditor } from "./context";
import type { WireEdge as Wire } from "./flow";

export const DRAGGED = "application/x-kerasviz-layer";
export function callAt(target: EventTarget | null): string | null {
  return (target as Element | null)?.closest?.("[data-call]")?.getAttribute("data-call") ?? null;
}

export function wireAt(target: EventTarget | null): string | null {
  return (target as Element | null)?.closest?.("[data-wire]")?.getAttribute("data-wire") ?? null;
}

export function useDrop(toFlow: (at: { x: number; y: number }) => { x: number; y: number }) {
  const editor = useEditor();
  const onDragOver = (event: DragEvent) => {
    if (!event.dataTransfer.types.includes(DRAGGED)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    editor.page.set({ hotWire: wireAt(event.target), hotCall: callAt(event.target) });
  };
  const onDragLeave = () => editor.page.set({ hotWire: null, hotCall: null });
  const onDrop = (event: DragEvent) => {
    const kind = event.dataTransfer.getData(DRAGGED);
    onDragLeave();
    if (!kind) return;
    event.preventDefault();
    const { x, y } = toFlow({ x: event.clientX, y: event.clientY });
    const at = snapped([x - NODE_WIDTH / 2, y - NODE_HEIGHT / 2]);
    const wire = wiresOf(editor.graph).find((other) => other.id === wireAt(event.target));
    const onto = callAt(event.target);
    if (wire) editor.add([{ kind }], { on: wire });
    else if (onto) editor.add([{ kind }], { after: onto });
    else editor.add([{ kind }], { at, after: outputNear(editor.graph, at, editor.direction) });
    editor.focus(editor.selection[0] ?? null);
  };
  return { onDragOver, onDragLeave, onDrop };
}

export function useWiring(
  toFlow: (at: { x: number; y: number }) => { x: number; y: number },
  place: (x: number, y: number) => Position,
) {
  const editor = useEditor();
  const isValidConnection = useCallback(
    ({ source, sourceHandle, target }: Connection | Wire) => {
      const refused = editor.verdict(source, target);
      const reason = refused ?? editor.misfit([source, Number(sourceHandle?.slice(4) ?? 0)], target);
      if (reason && source !== target && editor.page.get().refusal !== reason) editor.refuse(reason);
      return refused === null;
    },
    [editor],
  );
  const onConnect = useCallback(
    ({ source, sourceHandle, target }: Connection) =>
      editor.connect([source, Number(sourceHandle?.slice(4) ?? 0)], target),
    [editor],
  );
  const onConnectEnd = useCallback(
    (event: globalThis.MouseEvent | TouchEvent, state: FinalConnectionState) => {
      if (state.isValid || !state.fromNode || !state.fromHandle) return;
      const point = "changedTouches" in event ? event.changedTouches[0] : event;
      const onto = callAt(event.target);
      const forwards = state.fromHandle.type === "source";
      const output = Number(state.fromHandle.id?.slice(4) ?? 0);
      if (onto && onto !== state.fromNode.id) {
        if (forwards) editor.connect([state.fromNode.id, output], onto);
        else editor.connect([onto, 0], state.fromNode.id);
      } else if (!onto && forwards && point) {
        const { x, y } = toFlow({ x: point.clientX, y: point.clientY });
        editor.openQuickAdd({
          after: state.fromNode.id,
          at: snapped([x - NODE_WIDTH / 2, y]),
          place: place(point.clientX, point.clientY),
        });
      }
    },
    [editor, toFlow, place],
  );
  const onReconnect = useCallback(
    (edge: Wire, next: Connection) => {
      if (edge.data)
        editor.rewire(edge.data.wire, [next.source, Number(next.sourceHandle?.slice(4) ?? 0)], next.target);
    },
    [editor],
  );
  return { isValidConnection, onConnect, onConnectEnd, onReconnect };
}
