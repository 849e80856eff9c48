import {
  applyNodeChanges,
  Background,
  BackgroundVariant,
  type Connection,
  type FinalConnectionState,
  MiniMap,
  type NodeChange,
  ReactFlow,
  useReactFlow,
  useStoreApi,
} from "@xyflow/react";
import {
  type DragEvent,
  type FocusEvent,
  type MouseEvent,
  type PointerEvent,
  type RefObject,
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
} from "react";

import { useSession } from "../bridge/context";
import { useStore } from "../bridge/store";
import { useTrait } from "../bridge/useTrait";
import type { Position } from "../contract";
import { ordered, wiresOf } from "../graph/document";
import { NODE_HEIGHT, NODE_WIDTH, rectAt, snapped } from "../graph/geometry";
import { outputNear } from "../graph/near";
import { after, step } from "../graph/place";
import { TEXT } from "../ui/text";
import { useEditor } from "./context";
import { callNodes, type FlowNode, ghostNodes, kept, rectsOf, type WireEdge as Wire, wireEdges } from "./flow";
import { GhostNode } from "./GhostNode";
import { LayerNode } from "./LayerNode";
import { callsOf, focusedOf, ghostsOf, graphOf, quickAddOf, selectionOf, wireOf } from "./selectors";
import { WireEdge } from "./WireEdge";

export const DRAGGED = "application/x-kerasviz-layer";
const NODE_TYPES = { call: LayerNode, ghost: GhostNode };
const EDGE_TYPES = { wire: WireEdge };
const FIT = {
  padding: { top: "28px", right: "32px", bottom: "92px", left: "32px" },
  maxZoom: 1,
  minZoom: 0.3,
} as const;
const GRID: [number, number] = [8, 8];
const MANY = 150;

function useNodes(): [FlowNode[], (changes: NodeChange<FlowNode>[]) => void] {
  const editor = useEditor();
  const session = useSession();
  const graph = useStore(session.shared, graphOf);
  const selection = useStore(editor.page, selectionOf);
  const ghosts = useStore(editor.page, ghostsOf);
  const quickAdd = useStore(editor.page, quickAddOf);
  const [direction] = useTrait("direction");
  const [nodes, setNodes] = useState<FlowNode[]>(() => callNodes([], graph, selection));
  useEffect(() => setNodes((before) => callNodes(before, graph, selection)), [graph, selection]);
  const shown = useMemo(() => {
    if (ghosts.length === 0) return nodes;
    const wanted = quickAdd?.on?.source ?? quickAdd?.after ?? (quickAdd?.at ? null : editor.appendsTo());
    const { aside } = step(direction);
    const start = quickAdd?.at ?? after(graph, wanted, direction);
    const place: Position = quickAdd?.on ? [start[0] + aside[0], start[1]] : start;
    return [...nodes, ...ghostNodes(ghosts, place, direction)];
  }, [nodes, ghosts, quickAdd, graph, direction, editor]);
  const change = useCallback(
    (changes: NodeChange<FlowNode>[]) => {
      const picks = changes.filter((change) => change.type === "select");
      if (picks.length > 0) {
        const chosen = new Set(editor.selection);
        for (const pick of picks) {
          if (pick.selected) chosen.add(pick.id);
          else chosen.delete(pick.id);
        }
        editor.select([...chosen]);
      }
      const rest = changes.filter((change) => change.type === "position" || change.type === "dimensions");
      if (rest.length > 0) setNodes((before) => applyNodeChanges(rest, before));
    },
    [editor],
  );
  return [shown, change];
}

function useWires(nodes: FlowNode[]): Wire[] {
  const editor = useEditor();
  const session = useSession();
  const graph = useStore(session.shared, graphOf);
  const calls = useStore(session.shared, callsOf);
  const chosen = useStore(editor.page, wireOf);
  const [direction] = useTrait("direction");
  const before = useRef<Wire[]>([]);
  const live = nodes.length <= MANY ? nodes : null;
  const moving = live ? "" : nodes.flatMap((node) => (node.dragging ? [node.id] : [])).join(" ");
  return useMemo(() => {
    const rects = live ? rectsOf(live) : new Map([...graph.positions].map(([id, at]) => [id, rectAt(at)]));
    for (const id of moving.split(" ")) rects.delete(id); // their wires follow the pointer, unrouted
    before.current = kept(before.current, wireEdges(graph, calls, rects, direction, chosen));
    return before.current;
  }, [live, moving, graph, calls, direction, chosen]);
}

/** Lends the viewport to the commands of the editor. */
function useViewport(moved: RefObject<boolean>) {
  const editor = useEditor();
  const flow = useReactFlow<FlowNode, Wire>();
  useEffect(() => {
    const duration = matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 200;
    editor.viewport = {
      fit: (ids) => {
        const nodes = ids && ids.length > 0 ? ids.map((id) => ({ id })) : undefined;
        if (editor.graph.calls.size === 0) return;
        moved.current = nodes !== undefined;
        flow.fitView({ ...FIT, duration, ...(nodes && { nodes }) });
      },
      refit: () => {
        const ready = () => !moved.current && editor.graph.calls.size > 1;
        if (ready()) setTimeout(() => ready() && flow.fitView({ ...FIT, duration }), 60);
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
      zoom: (factor) => flow.zoomTo(factor === "reset" ? 1 : flow.getZoom() * factor, { duration }),
      heights: () => new Map(flow.getNodes().map((node) => [node.id, node.measured?.height ?? NODE_HEIGHT])),
    };
  }, [editor, flow, moved]);
  return flow;
}

function callAt(target: EventTarget | null): string | null {
  return (target as Element | null)?.closest?.("[data-call]")?.getAttribute("data-call") ?? null;
}

function wireAt(target: EventTarget | null): string | null {
  return (target as Element | null)?.closest?.("[data-wire]")?.getAttribute("data-wire") ?? null;
}

function useDrop(toFlow: (at: { x: number; y: number }) => { x: number; y: number }) {
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

function useWiring(
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

export function Canvas({ panning }: { panning: boolean }) {
  const editor = useEditor();
  const moved = useRef(false);
  const flow = useViewport(moved);
  const store = useStoreApi();
  const box = useRef<HTMLDivElement>(null);
  const [nodes, onNodesChange] = useNodes();
  const edges = useWires(nodes);
  const [far, setFar] = useState(false);
  const adding = useRef(false);
  const pointing = useRef(false);
  const toFlow = useCallback((at: { x: number; y: number }) => flow.screenToFlowPosition(at), [flow]);
  const place = useCallback((x: number, y: number): Position => {
    const frame = box.current?.getBoundingClientRect();
    return frame ? [x - frame.left, y - frame.top] : [0, 0];
  }, []);
  const drop = useDrop(toFlow);
  const wiring = useWiring(toFlow, place);
  useEffect(() => {
    editor.canvasSize = () => box.current?.getBoundingClientRect() ?? null;
    editor.focusCanvas = () => box.current?.focus({ preventScroll: true });
    const watch = new ResizeObserver(() => editor.viewport.refit());
    if (box.current) watch.observe(box.current);
    const width = box.current?.clientWidth ?? 0;
    if (editor.graph.calls.size === 0) flow.setViewport({ x: Math.round(width / 2 - NODE_WIDTH / 2), y: 32, zoom: 1 });
    return () => watch.disconnect();
  }, [editor, flow]);
  const [startsFull] = useState(nodes.length > 0);
  const hadNodes = useRef(startsFull);
  useEffect(() => {
    if (!hadNodes.current && nodes.length > 1) setTimeout(() => editor.viewport.fit(), 80); // one alone was put where it is
    hadNodes.current = nodes.length > 0;
  }, [nodes.length, editor]);
  const focused = useStore(editor.page, focusedOf);
  const entered = focused !== null && editor.graph.calls.has(focused);
  const enter = (event: FocusEvent) => {
    if (event.target !== event.currentTarget || pointing.current) return;
    const first = editor.selection.at(-1) ?? ordered(editor.graph)[0];
    if (first) editor.visit(first);
  };
  const press = (event: PointerEvent) => {
    pointing.current = true;
    setTimeout(() => {
      pointing.current = false;
    });
    if ((event.target as Element).closest(".react-flow__pane, .react-flow__edges"))
      box.current?.focus({ preventScroll: true });
    adding.current = event.shiftKey || event.ctrlKey || event.metaKey;
    store.setState({ multiSelectionActive: adding.current });
  };
  const onDoubleClick = (event: MouseEvent) => {
    if (callAt(event.target) || wireAt(event.target) || !(event.target as Element).closest(".react-flow__pane")) return;
    const { x, y } = toFlow({ x: event.clientX, y: event.clientY });
    editor.openQuickAdd({
      at: snapped([x - NODE_WIDTH / 2, y]),
      after: null,
      place: place(event.clientX, event.clientY),
    });
  };
  const changeNodes = useCallback(
    (changes: NodeChange<FlowNode>[]) =>
      onNodesChange(
        adding.current
          ? changes.filter((change) => change.type !== "select" || change.selected || changes.length === 1)
          : changes,
      ),
    [onNodesChange],
  );
  return (
    <div
      className="kv-canvas"
      ref={box}
      data-far={far}
      role="application"
      aria-label={TEXT.canvas.label}
      tabIndex={entered ? -1 : 0}
      onFocus={enter}
      onPointerDownCapture={press}
      onDoubleClick={onDoubleClick}
      {...drop}
    >
      <ReactFlow<FlowNode, Wire>
        role="presentation"
        nodes={nodes}
        edges={edges}
        nodeTypes={NODE_TYPES}
        edgeTypes={EDGE_TYPES}
        onNodesChange={changeNodes}
        onNodeClick={(_event, node) => editor.focus(node.id)}
        onNodeDoubleClick={() => editor.editFields()}
        onEdgeClick={(_event, edge) => editor.select([], edge.id)}
        onPaneClick={() => editor.select([])}
        onNodeDragStop={(_event, _node, moved) =>
          editor.move(new Map(moved.map(({ id, position }) => [id, snapped([position.x, position.y])])))
        }
        onSelectionDragStop={(_event, moved) =>
          editor.move(new Map(moved.map(({ id, position }) => [id, snapped([position.x, position.y])])))
        }
        onMove={(event, { zoom }) => {
          if (event) moved.current = true;
          setFar(zoom < 0.5);
        }}
        {...wiring}
        connectionRadius={30}
        snapToGrid
        snapGrid={GRID}
        selectionOnDrag={!panning}
        panOnDrag={panning ? true : [1, 2]}
        fitView={startsFull}
        fitViewOptions={FIT}
        minZoom={0.1}
        maxZoom={2}
        onlyRenderVisibleElements={nodes.length > MANY}
        zoomOnScroll={false}
        zoomOnDoubleClick={false}
        preventScrolling={false}
        nodesFocusable={false}
        edgesFocusable={false}
        disableKeyboardA11y
        deleteKeyCode={null}
        selectionKeyCode={null}
        multiSelectionKeyCode={null}
        panActivationKeyCode={null}
        zoomActivationKeyCode={null}
      >
        <Background variant={BackgroundVariant.Dots} gap={16} size={1.2} />
        {nodes.length > 30 && <MiniMap pannable zoomable ariaLabel={null} nodeClassName="kv-mini" />}
      </ReactFlow>
    </div>
  );
}
