// The graph as React Flow's nodes and edges.

import type { Edge, Node } from "@xyflow/react";

import type { CallAnalysis, Direction, Position, PreviewLayer, Shape } from "../contract";
import { type Graph, layerOf, type Wire, wiresOf } from "../graph/document";
import { shapeChip } from "../graph/format";
import { NODE_HEIGHT, NODE_WIDTH, type Rect } from "../graph/geometry";
import { step } from "../graph/place";
import { endsOf, type Path, routes } from "../graph/route";

export type CallNode = Node<{ kind: string }, "call">;
export type GhostNode = Node<PreviewLayer & Record<string, unknown>, "ghost">;
export type FlowNode = CallNode | GhostNode;
export type WireEdge = Edge<
  { path: Path | null; shape: Shape | null; dtype: string | null; wire: Wire; vertical: boolean; aside: number },
  "wire"
>;

function same(node: FlowNode, kind: string, [x, y]: Position, selected: boolean): boolean {
  return (
    node.type === "call" &&
    node.data.kind === kind &&
    node.position.x === x &&
    node.position.y === y &&
    node.selected === selected
  );
}

/**
 * Nodes for the graph. Those that have not changed stay the same objects; measured sizes are kept.
 *
 * New ones have a size from the start. React Flow forgets the handles of a node that comes without, for good if that
 * happens between its measuring them and drawing them: the wires at that node would be missing.
 */
export function callNodes(before: FlowNode[], graph: Graph, selection: readonly string[]): FlowNode[] {
  const known = new Map(before.map((node) => [node.id, node]));
  const chosen = new Set(selection);
  return [...graph.calls.keys()].map((id, index): FlowNode => {
    const kind = layerOf(graph, id)?.kind ?? "";
    const at = graph.positions.get(id) ?? [0, index * 112];
    const old = known.get(id);
    const selected = chosen.has(id);
    if (old && same(old, kind, at, selected)) return old;
    const kept = old?.type === "call" ? old : { measured: { width: NODE_WIDTH, height: NODE_HEIGHT } };
    return { ...kept, id, type: "call", position: { x: at[0], y: at[1] }, data: { kind }, selected };
  });
}

/** Where the layers being typed would go. */
export function ghostNodes(layers: readonly PreviewLayer[], start: Position, direction: Direction): FlowNode[] {
  const { along } = step(direction);
  return layers.map((layer, index) => ({
    id: `ghost:${index}`,
    type: "ghost",
    position: { x: start[0] + along[0] * index, y: start[1] + along[1] * index },
    data: { ...layer },
    draggable: false,
    selectable: false,
    connectable: false,
    initialWidth: NODE_WIDTH,
    initialHeight: NODE_HEIGHT,
  }));
}

export function rectsOf(nodes: FlowNode[]): Map<string, Rect> {
  return new Map(
    nodes
      .filter((node) => node.type === "call")
      .map((node) => [
        node.id,
        { ...node.position, width: node.measured?.width ?? NODE_WIDTH, height: node.measured?.height ?? NODE_HEIGHT },
      ]),
  );
}

export function wireEdges(
  graph: Graph,
  calls: ReadonlyMap<string, CallAnalysis>,
  rects: ReadonlyMap<string, Rect>,
  direction: Direction,
  chosen: string | null,
): WireEdge[] {
  const wires = wiresOf(graph);
  const paths = routes(wires, rects, direction, endsOf(wires));
  const beside = asides(wires);
  return wires.map((wire) => {
    const found = calls.get(wire.source);
    const shape = found?.shapes?.[wire.output] ?? null;
    const vertical = direction === "down";
    const room = vertical ? 24 + 7 * (shape ? shapeChip(shape).length : 1) : 26;
    return {
      id: wire.id,
      type: "wire",
      source: wire.source,
      target: wire.target,
      sourceHandle: `out-${wire.output}`,
      targetHandle: "in",
      selected: wire.id === chosen,
      data: {
        wire,
        path: paths.get(wire.id) ?? null,
        shape,
        dtype: found?.dtype ?? null,
        vertical,
        aside: (beside.get(wire.id) ?? 0) * room,
      },
    };
  });
}

/** How many labels' widths each wire stands beside the straight way: those with both ends in common share it out. */
function asides(wires: readonly Wire[]): Map<string, number> {
  const twins = new Map<string, string[]>();
  for (const { id, source, target } of wires)
    twins.set(`${source} ${target}`, [...(twins.get(`${source} ${target}`) ?? []), id]);
  return new Map(
    [...twins.values()].flatMap((ids) => ids.map((id, index): [string, number] => [id, index - (ids.length - 1) / 2])),
  );
}

function alike(a: WireEdge, b: WireEdge): boolean {
  const [one, other] = [a.data, b.data];
  return (
    a.source === b.source &&
    a.sourceHandle === b.sourceHandle &&
    a.selected === b.selected &&
    one?.shape === other?.shape &&
    one?.dtype === other?.dtype &&
    one?.vertical === other?.vertical &&
    one?.aside === other?.aside &&
    String(one?.path) === String(other?.path)
  );
}

/** The edges, with those that have not changed as the objects they were: they are not drawn again. */
export function kept(before: WireEdge[], after: WireEdge[]): WireEdge[] {
  const known = new Map(before.map((edge) => [edge.id, edge]));
  return after.map((edge) => {
    const old = known.get(edge.id);
    return old && alike(old, edge) ? old : edge;
  });
}

function rounded(path: Path, radius = 12): string {
  const [first, ...rest] = path;
  if (!first) return "";
  let d = `M${first[0]},${first[1]}`;
  rest.forEach((point, index) => {
    const before = path[index] as Position;
    const next = path[index + 2];
    if (!next) {
      d += `L${point[0]},${point[1]}`;
      return;
    }
    const inLength = Math.hypot(point[0] - before[0], point[1] - before[1]);
    const outLength = Math.hypot(next[0] - point[0], next[1] - point[1]);
    const r = Math.min(radius, inLength / 2, outLength / 2);
    const a =
      inLength === 0
        ? point
        : [point[0] - ((point[0] - before[0]) / inLength) * r, point[1] - ((point[1] - before[1]) / inLength) * r];
    const b =
      outLength === 0
        ? point
        : [point[0] + ((next[0] - point[0]) / outLength) * r, point[1] + ((next[1] - point[1]) / outLength) * r];
    d += `L${a[0]},${a[1]}Q${point[0]},${point[1]} ${b[0]},${b[1]}`;
  });
  return d;
}

export interface Drawn {
  d: string;
  label: Position;
}

/** The curve of a wire and the place of its label, so far aside of the straight way. */
export function drawn(path: Path, vertical: boolean, aside = 0): Drawn {
  const from = path[0] as Position;
  const to = path.at(-1) as Position;
  if (path.length > 2) {
    const a = path[2] as Position;
    const b = path[3] ?? a;
    return { d: rounded(path), label: [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2] };
  }
  const axis = vertical ? 1 : 0;
  const reach = Math.max(16, Math.abs(to[axis] - from[axis]) / 2);
  const bow = aside / 0.75; // half way, a cubic curve has gone three quarters of the way of its control points
  const [c1, c2] = vertical
    ? [`${from[0] + bow},${from[1] + reach}`, `${to[0] + bow},${to[1] - reach}`]
    : [`${from[0] + reach},${from[1] + bow}`, `${to[0] - reach},${to[1] + bow}`];
  const middle: Position = [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2];
  return {
    d: `M${from[0]},${from[1]}C${c1} ${c2} ${to[0]},${to[1]}`,
    label: vertical ? [middle[0] + aside, middle[1]] : [middle[0], middle[1] + aside],
  };
}
