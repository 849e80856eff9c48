import {
  applyNodeChanges,
  Background,
  BackgroundVariant,
  MiniMap,
  type NodeChange,
  ReactFlow,
  useStoreApi,
} from "@xyflow/react";
import {
  type FocusEvent,
  type MouseEvent,
  type PointerEvent,
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
import { ordered } from "../graph/document";
import { NODE_WIDTH, rectAt, snapped } from "../graph/geometry";
import { after, step } from "../graph/place";
import { TEXT } from "../ui/text";
import { useEditor } from "./context";
import { callNodes, type FlowNode, ghostNodes, kept, rectsOf, type WireEdge as Wire, wireEdges } from "./flow";
import { GhostNode } from "./GhostNode";
import { callAt, useDrop, useWiring, wireAt } from "./gestures";
import { LayerNode } from "./LayerNode";
import { arrivalsOf, callsOf, focusedOf, ghostsOf, graphOf, quickAddOf, selectionOf, wireOf } from "./selectors";
import { useViewport } from "./viewport";
import { WireEdge } from "./WireEdge";

const NODE_TYPES = { call: LayerNode, ghost: GhostNode };
const EDGE_TYPES = { wire: WireEdge };
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
    const replaced = quickAdd?.replace && graph.positions.get(quickAdd.replace);
    const [x, y] = replaced || start;
    const place: Position = quickAdd?.on || replaced ? [x + aside[0], y + aside[1]] : [x, y];
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

export function Canvas({ panning }: { panning: boolean }) {
  const editor = useEditor();
  const session = useSession();
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
  const arrivals = useStore(session.shared, arrivalsOf);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what the kernel has added is to be seen
  useEffect(() => {
    const last = moved.current ? [...editor.graph.calls.keys()].at(-1) : undefined;
    if (last) editor.viewport.show(last);
    else editor.viewport.refit();
  }, [editor, arrivals]);
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
        onNodeClick={(event, node) => {
          if (!event.shiftKey && !event.ctrlKey && !event.metaKey) editor.select([node.id]);
          editor.focus(node.id);
        }}
        onNodeDoubleClick={() => editor.editFields()}
        onEdgeClick={(event, edge) => {
          if (event.altKey && edge.data) editor.disconnect([edge.data.wire]);
          else editor.select([], edge.id);
        }}
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
        {nodes.length > 30 && (
          <MiniMap pannable zoomable ariaLabel={null} nodeClassName="kv-mini" nodeStrokeWidth={16} />
        )}
      </ReactFlow>
    </div>
  );
}
