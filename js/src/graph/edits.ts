// Every change of the graph as a patch. Pure: nothing here draws, sends or remembers.

import type { CallData, Direction, Json, LayerData, Patch, PatchSet, Position, Tensor } from "../contract";
import { type Kinds, slotFor } from "./connect";
import { type Graph, layerOf, titleOf, type Wire } from "./document";
import { snapped } from "./geometry";
import { newCallId, newLayerId, takenIn } from "./names";
import { after, free, step } from "./place";

export interface NewLayer {
  kind: string;
  args?: Record<string, Json>;
}

export interface Where {
  /** Wire the first new layer to this call. */
  after?: string | null;
  /** Put the new layers on this wire. */
  on?: Wire;
  /** Top left corner of the first new node. */
  at?: Position;
}

export interface Added {
  patch: Patch;
  ids: string[];
}

function takesInputs(kinds: Kinds, kind: string): boolean {
  return kinds.get(kind)?.inputs.max !== 0;
}

/** The inputs of a new layer behind a tensor: attention takes it twice. */
function startingWith(kinds: Kinds, kind: string, tensor: Tensor | null): Tensor[] {
  const times = kinds.get(kind)?.inputs.first ?? 1;
  return tensor === null ? [] : Array.from({ length: times }, (): Tensor => [...tensor]);
}

function withInput(call: CallData, slot: number, tensor: Tensor): CallData {
  const inputs = [...call.inputs];
  inputs[Math.min(slot, inputs.length)] = tensor;
  return { ...call, inputs };
}

/** Add layers in a chain: after a call, on a wire, or alone. */
export function add(graph: Graph, kinds: Kinds, layers: NewLayer[], where: Where, direction: Direction): Added {
  const taken = takenIn(graph);
  const set: Required<Pick<PatchSet, "layers" | "calls" | "positions">> = { layers: {}, calls: {}, positions: {} };
  const inputs = [...graph.inputs];
  const placed: Position[] = [];
  const { along } = step(direction);
  let previous: Tensor | null = where.on ? [where.on.source, where.on.output] : where.after ? [where.after, 0] : null;
  let place =
    where.at ?? (where.on && inline(graph, where.on, direction)) ?? after(graph, previous?.[0] ?? null, direction);
  const makesRoom = where.on !== undefined && inline(graph, where.on, direction) !== null;
  for (const { kind, args } of layers) {
    const id = newLayerId(kind, taken);
    taken.add(id);
    set.layers[id] = { id, kind, args: args ?? {} };
    set.calls[id] = { id, layer: id, inputs: startingWith(kinds, kind, previous) };
    place = makesRoom ? snapped(place) : free(graph, place, direction, placed);
    set.positions[id] = place;
    placed.push(place);
    if (!takesInputs(kinds, kind)) inputs.push(id);
    previous = [id, 0];
    place = [place[0] + along[0], place[1] + along[1]];
  }
  const ids = Object.keys(set.layers);
  if (where.on && previous) {
    const target = graph.calls.get(where.on.target);
    if (target) set.calls[target.id] = withInput(target, where.on.slot, previous);
    Object.assign(set.positions, pushed(graph, where.on.target, placed, direction));
  }
  const label = layers.length === 1 ? `Add ${layers[0]?.kind}` : `Add ${layers.length} layers`;
  const changedInputs = inputs.length === graph.inputs.length ? {} : { inputs };
  return { patch: { set: { ...set, ...changedInputs }, label }, ids };
}

/** Right behind the wire's source, where its target is the next in line and can be pushed on; else null. */
function inline(graph: Graph, wire: Wire, direction: Direction): Position | null {
  const from = graph.positions.get(wire.source);
  const to = graph.positions.get(wire.target);
  const { along } = step(direction);
  const [axis, cross]: [0 | 1, 0 | 1] = direction === "down" ? [1, 0] : [0, 1];
  if (!from || !to) return null;
  const gap = to[axis] - from[axis];
  if (gap <= 0 || gap > along[axis] * 1.6) return null;
  const middle = (from[cross] + to[cross]) / 2;
  return direction === "down" ? [middle, from[1] + along[1]] : [from[0] + along[0], middle];
}

/** Make room for inserted nodes: move what is at or beyond the target along the flow. */
function pushed(graph: Graph, target: string, placed: Position[], direction: Direction): Record<string, Position> {
  const at = graph.positions.get(target);
  const last = placed.at(-1);
  if (!at || !last) return {};
  const axis = direction === "down" ? 1 : 0;
  const shift = last[axis] + step(direction).along[axis] - at[axis];
  if (shift <= 0) return {};
  const moved = [...graph.positions].filter(([id, place]) => graph.calls.has(id) && place[axis] >= at[axis]);
  return Object.fromEntries(
    moved.map(([id, [x, y]]): [string, Position] => [id, axis === 1 ? [x, y + shift] : [x + shift, y]]),
  );
}

export function connect(graph: Graph, kinds: Kinds, source: Tensor, target: string, slot?: number): Patch {
  const call = graph.calls.get(target);
  if (!call) return { set: {}, label: "Connect" };
  const at = slot ?? slotFor(graph, kinds, target);
  return {
    set: { calls: { [target]: withInput(call, at, source) } },
    label: `Connect ${titleOf(graph, source[0])} to ${titleOf(graph, target)}`,
  };
}

/** Merge several outputs in one new node, in the given order. */
export function merge(graph: Graph, kind: string, sources: string[], direction: Direction): Added {
  const id = newLayerId(kind, takenIn(graph));
  const places = sources.map((source): Position => graph.positions.get(source) ?? [0, 0]);
  const [axis, cross]: [0 | 1, 0 | 1] = direction === "down" ? [1, 0] : [0, 1];
  const far = Math.max(0, ...places.map((place) => place[axis]));
  const middle = places.reduce((sum, place) => sum + place[cross], 0) / Math.max(1, places.length);
  const { along } = step(direction);
  const wanted: Position = direction === "down" ? [middle, far + along[1]] : [far + along[0], middle];
  const patch: Patch = {
    set: {
      layers: { [id]: { id, kind, args: {} } },
      calls: { [id]: { id, layer: id, inputs: sources.map((source): Tensor => [source, 0]) } },
      positions: { [id]: free(graph, wanted, direction) },
    },
    label: `Add ${kind}`,
  };
  return { patch, ids: [id] };
}

export function disconnect(graph: Graph, wires: Wire[]): Patch {
  const gone = new Map<string, Set<number>>();
  for (const wire of wires) gone.set(wire.target, (gone.get(wire.target) ?? new Set()).add(wire.slot));
  const calls: Record<string, CallData> = {};
  for (const [id, slots] of gone) {
    const call = graph.calls.get(id);
    if (call) calls[id] = { ...call, inputs: call.inputs.filter((_, slot) => !slots.has(slot)) };
  }
  return { set: { calls }, label: wires.length === 1 ? "Disconnect" : `Cut ${wires.length} wires` };
}

/** Give an argument a value; `undefined` takes it back to its default. */
export function setArg(graph: Graph, calls: string[], name: string, value: Json | undefined): Patch {
  const layers: Record<string, LayerData> = {};
  for (const id of calls) {
    const layer = layerOf(graph, id);
    if (!layer) continue;
    const { [name]: _old, ...rest } = layer.args;
    layers[layer.id] = { ...layer, args: value === undefined ? rest : { ...layer.args, [name]: value } };
  }
  return { set: { layers }, label: `Set ${name}`, coalesce: `arg:${calls.join(",")}:${name}` };
}

export function rename(graph: Graph, call: string, name: string): Patch {
  const layer = layerOf(graph, call);
  if (!layer) return { set: {}, label: "Rename" };
  const { name: _old, ...rest } = layer;
  return {
    set: { layers: { [layer.id]: name && name !== layer.id ? { ...rest, name } : rest } },
    label: `Rename ${titleOf(graph, call)}`,
    coalesce: `name:${layer.id}`,
  };
}

/** What stands for `tensor` once `gone` is removed: the single source before it, or nothing. */
function healed(graph: Graph, gone: ReadonlySet<string>, tensor: Tensor, heal: boolean): Tensor[] {
  let current = tensor;
  for (let steps = 0; gone.has(current[0]); steps += 1) {
    const [first, ...rest] = graph.calls.get(current[0])?.inputs ?? [];
    const several = rest.some(([source, output]) => source !== first?.[0] || output !== first[1]);
    if (!heal || !first || several || steps > graph.calls.size) return [];
    current = first;
  }
  return [current];
}

/** Remove calls; with `heal`, what followed them is wired to what came before. */
export function remove(graph: Graph, ids: string[], heal: boolean): Patch {
  const gone = new Set(ids.filter((id) => graph.calls.has(id)));
  const calls: Record<string, CallData | null> = {};
  for (const id of gone) calls[id] = null;
  for (const call of graph.calls.values()) {
    if (gone.has(call.id) || !call.inputs.some(([source]) => gone.has(source))) continue;
    calls[call.id] = { ...call, inputs: call.inputs.flatMap((tensor) => healed(graph, gone, tensor, heal)) };
  }
  const kept = new Set([...graph.calls.values()].filter((call) => !gone.has(call.id)).map((call) => call.layer));
  const layers = [...gone].map((id) => graph.calls.get(id)?.layer ?? id).filter((layer) => !kept.has(layer));
  const set: PatchSet = {
    layers: Object.fromEntries(layers.map((id) => [id, null])),
    calls,
    positions: Object.fromEntries([...gone].map((id) => [id, null])),
  };
  if (graph.inputs.some((id) => gone.has(id))) set.inputs = graph.inputs.filter((id) => !gone.has(id));
  if (graph.outputs?.some(([id]) => gone.has(id))) set.outputs = graph.outputs.filter(([id]) => !gone.has(id));
  const only = ids.length === 1 ? titleOf(graph, ids[0] as string) : `${gone.size} layers`;
  return { set, label: `Delete ${only}` };
}

export function move(moves: ReadonlyMap<string, Position>, label = "Move", coalesce?: string): Patch {
  const patch: Patch = { set: { positions: Object.fromEntries(moves) }, label };
  return coalesce ? { ...patch, coalesce } : patch;
}

/** A second call of the same layer: its weights are shared. */
export function share(graph: Graph, call: string, direction: Direction): Added {
  const first = graph.calls.get(call);
  const at = graph.positions.get(call) ?? [0, 0];
  if (!first) return { patch: { set: {}, label: "Share" }, ids: [] };
  const id = newCallId(first.layer, takenIn(graph));
  const { aside } = step(direction);
  const place = free(graph, [at[0] + aside[0], at[1] + aside[1]], direction);
  const patch: Patch = {
    set: { calls: { [id]: { id, layer: first.layer, inputs: [] } }, positions: { [id]: place } },
    label: `Share ${titleOf(graph, call)}`,
  };
  return { patch, ids: [id] };
}
