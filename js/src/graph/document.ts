// The graph as the page holds it: immutable maps in insertion order, and the questions asked of them.

import type { CallData, DocumentData, LayerData, Patch, PatchSet, Position, Tensor } from "../contract";

export interface Graph {
  readonly version: number;
  readonly layers: ReadonlyMap<string, LayerData>;
  readonly calls: ReadonlyMap<string, CallData>;
  readonly positions: ReadonlyMap<string, Position>;
  readonly inputs: readonly string[];
  readonly outputs: readonly Tensor[] | null;
  readonly groups: DocumentData["groups"];
  readonly variables: DocumentData["variables"];
}

/** One wire: from an output of a call into an input slot of another. */
export interface Wire {
  id: string;
  source: string;
  output: number;
  target: string;
  slot: number;
}

export const EMPTY: Graph = {
  version: 1,
  layers: new Map(),
  calls: new Map(),
  positions: new Map(),
  inputs: [],
  outputs: null,
  groups: [],
  variables: {},
};

export function fromData(data: DocumentData, positions: Record<string, Position>): Graph {
  return {
    version: data.version,
    layers: new Map(data.layers.map((layer) => [layer.id, layer])),
    calls: new Map(data.calls.map((call) => [call.id, call])),
    positions: new Map(Object.entries(positions)),
    inputs: data.inputs,
    outputs: data.outputs,
    groups: data.groups ?? [],
    variables: data.variables ?? {},
  };
}

export function toData(graph: Graph): DocumentData {
  return {
    version: graph.version,
    layers: [...graph.layers.values()],
    calls: [...graph.calls.values()],
    inputs: [...graph.inputs],
    outputs: graph.outputs === null ? null : [...graph.outputs],
    groups: graph.groups,
    variables: graph.variables,
  };
}

type Places = Record<string, number>;

/** The table after changes; null deletes. `places` are the indices of entries that are put back between others. */
function changed<V>(
  table: ReadonlyMap<string, V>,
  changes: Record<string, V | null> | undefined,
  places: Places | undefined,
): ReadonlyMap<string, V> {
  if (!changes) return table;
  const next = new Map(table);
  for (const [id, value] of Object.entries(changes)) {
    if (value === null) next.delete(id);
    else next.set(id, value);
  }
  if (!places) return next;
  const ids = [...next.keys()].filter((id) => !(id in places));
  for (const [id, index] of Object.entries(places).sort(([, a], [, b]) => a - b)) {
    if (next.has(id)) ids.splice(index, 0, id);
  }
  return new Map(ids.map((id) => [id, next.get(id) as V]));
}

export function apply(graph: Graph, patch: Patch): Graph {
  const { set } = patch;
  return {
    ...graph,
    layers: changed(graph.layers, set.layers, set.order?.layers),
    calls: changed(graph.calls, set.calls, set.order?.calls),
    positions: changed(graph.positions, set.positions, set.order?.positions),
    inputs: set.inputs ?? graph.inputs,
    outputs: set.outputs === undefined ? graph.outputs : set.outputs,
    groups: set.groups ?? graph.groups,
    variables: set.variables ?? graph.variables,
  };
}

/** Where entries that a patch deletes or places stand now. */
function placesOf<V>(table: ReadonlyMap<string, V>, changes: Record<string, V | null>, places: Places = {}): Places {
  const index = new Map([...table.keys()].map((id, place) => [id, place]));
  const moved = [...Object.keys(changes).filter((id) => changes[id] === null), ...Object.keys(places)];
  return Object.fromEntries(moved.flatMap((id) => (index.has(id) ? [[id, index.get(id) as number]] : [])));
}

function inverseOf<V>(map: ReadonlyMap<string, V>, changes: Record<string, V | null>): Record<string, V | null> {
  return Object.fromEntries(Object.keys(changes).map((id) => [id, map.get(id) ?? null]));
}

/** The patch that takes `patch` back, given the graph before it. */
export function inverse(graph: Graph, patch: Patch): Patch {
  const { set } = patch;
  const back: PatchSet = {};
  const order: Record<string, Places> = {};
  const turn = <V>(
    name: "layers" | "calls" | "positions",
    table: ReadonlyMap<string, V>,
    changes?: Record<string, V | null>,
  ) => {
    if (!changes) return;
    Object.assign(back, { [name]: inverseOf(table, changes) });
    const places = placesOf(table, changes, set.order?.[name]);
    if (Object.keys(places).length > 0) order[name] = places;
  };
  turn("layers", graph.layers, set.layers);
  turn("calls", graph.calls, set.calls);
  turn("positions", graph.positions, set.positions);
  if (set.inputs) back.inputs = [...graph.inputs];
  if (set.outputs !== undefined) back.outputs = graph.outputs === null ? null : [...graph.outputs];
  if (set.groups) back.groups = graph.groups;
  if (set.variables) back.variables = graph.variables;
  if (Object.keys(order).length > 0) back.order = order;
  return { ...patch, set: back };
}

export function wireId(target: string, slot: number): string {
  return `${target}:${slot}`;
}

export function wiresOf(graph: Graph): Wire[] {
  return [...graph.calls.values()].flatMap((call) =>
    call.inputs.flatMap(([source, output], slot) =>
      graph.calls.has(source) ? [{ id: wireId(call.id, slot), source, output, target: call.id, slot }] : [],
    ),
  );
}

export function layerOf(graph: Graph, call: string): LayerData | undefined {
  const found = graph.calls.get(call);
  return found && graph.layers.get(found.layer);
}

export function titleOf(graph: Graph, call: string): string {
  return layerOf(graph, call)?.name ?? call;
}

export function sourcesOf(graph: Graph, call: string): string[] {
  const inputs = graph.calls.get(call)?.inputs ?? [];
  return [...new Set(inputs.map(([source]) => source))].filter((id) => graph.calls.has(id));
}

export function targetsOf(graph: Graph, call: string): string[] {
  return [...graph.calls.values()].filter((other) => other.inputs.some(([source]) => source === call)).map((o) => o.id);
}

export function sinksOf(graph: Graph): string[] {
  const used = new Set([...graph.calls.values()].flatMap((call) => call.inputs.map(([source]) => source)));
  return [...graph.calls.keys()].filter((id) => !used.has(id));
}

/** All calls that can be reached from `start` by `step`, without `start`. */
export function reach(start: string, step: (id: string) => string[]): Set<string> {
  const seen = new Set<string>();
  const waiting = step(start);
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (seen.has(id)) continue;
    seen.add(id);
    waiting.push(...step(id));
  }
  return seen;
}

export function targetTable(graph: Graph): Map<string, string[]> {
  const table = new Map<string, string[]>([...graph.calls.keys()].map((id) => [id, []]));
  for (const call of graph.calls.values()) {
    for (const source of new Set(call.inputs.map(([id]) => id))) table.get(source)?.push(call.id);
  }
  return table;
}

export function upstream(graph: Graph, call: string): Set<string> {
  return reach(call, (id) => sourcesOf(graph, id));
}

export function downstream(graph: Graph, call: string): Set<string> {
  const table = targetTable(graph);
  return reach(call, (id) => [...(table.get(id) ?? [])]);
}

/** Calls in topological order; those in a cycle come last. */
export function ordered(graph: Graph): string[] {
  const table = targetTable(graph);
  const open = new Map([...graph.calls.keys()].map((id) => [id, sourcesOf(graph, id).length]));
  const ready = [...open].filter(([, count]) => count === 0).map(([id]) => id);
  const order: string[] = [];
  for (let index = 0; index < ready.length; index += 1) {
    const id = ready[index] as string;
    order.push(id);
    for (const target of table.get(id) ?? []) {
      const left = (open.get(target) ?? 0) - 1;
      open.set(target, left);
      if (left === 0) ready.push(target);
    }
  }
  return [...order, ...[...graph.calls.keys()].filter((id) => !order.includes(id))];
}
