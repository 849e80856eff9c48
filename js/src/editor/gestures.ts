// What pointers do on the canvas: dropping layers, dragging wires, moving the view.

import { type Connection, type FinalConnectionState, useReactFlow } from "@xyflow/react";
import { type DragEvent, type RefObject, useCallback, useEffect } from "react";

import type { Position } from "../contract";
import { wiresOf } from "../graph/document";
import { NODE_HEIGHT, NODE_WIDTH, snapped } from "../graph/geometry";
import { outputNear } from "../graph/near";
import { useEditor } from "./context";
import type { FlowNode, WireEdge as Wire } from "./flow";

export const DRAGGED = "application/x-kerasviz-layer";
export const FIT = {
  padding: { top: "28px", right: "32px", bottom: "92px", left: "32px" },
  maxZoom: 1,
  minZoom: 0.3,
} as const;

/** Lends the viewport to the commands of the editor. */
export function useViewport(moved: RefObject<boolean>) {
  const editor = useEditor();
  const flow = useReactFlow<FlowNode, Wire>();
  useEffect(() => {
    const duration = matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 200;
    let goal: number | null = null; // of the zoom under way: the next key goes on from there
    editor.viewport = {
      fit: (ids) => {
        const nodes = ids && ids.length > 0 ? ids.map((id) => ({ id })) : undefined;
        if (editor.graph.calls.size === 0) return;
        moved.current = nodes !== undefined;
        flow.fitView({ ...FIT, duration, ...(nodes && { nodes }) });
      },
      refit: () => {
        if (!moved.current && editor.graph.calls.size > 1) flow.fitView(FIT);
      },
      show: (id) => {
        const at = editor.graph.positions.get(id);
        const { x, y, zoom } = flow.getViewport();
        const box = editor.canvasSize();
        if (!at || !box) return;
        const left = at[0] * zoom + x;
        const top = at[1] * zoom + y;
        const inside =
          left > 8 && top > 8 && left + NODE_WIDTH * zoom < box.width - 8 && top + NODE_HEIGHT * zoom < box.height - 64;
        if (inside) return;
        flow.setCenter(at[0] + NODE_WIDTH / 2, at[1] + NODE_HEIGHT / 2, { zoom: Math.max(zoom, 0.6), duration });
      },
      zoom: (factor) => {
        const wanted = factor === "reset" ? 1 : (goal ?? flow.getZoom()) * factor;
        goal = wanted;
        flow.zoomTo(wanted, { duration }).finally(() => {
          if (goal === wanted) goal = null;
        });
      },
      heights: () => new Map(flow.getNodes().map((node) => [node.id, node.measured?.height ?? NODE_HEIGHT])),
    };
  }, [editor, flow, moved]);
  return flow;
}

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
    ({ source, target }: { source: string; target: string }) => {
      const reason = editor.verdict(source, target);
      if (reason && source !== target && editor.page.get().refusal !== reason) editor.refuse(reason);
      return reason === null;
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
