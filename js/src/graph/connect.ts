// Which wires are legal, and why not.

import type { LayerSpec, Shape } from "../contract";
import { downstream, type Graph, layerOf, ordered, titleOf } from "./document";

export type Kinds = ReadonlyMap<string, LayerSpec>;

export type Verdict = { ok: true } | { ok: false; reason: "self" | "cycle" | "no-inputs" | "twice" | "gone" };

const YES: Verdict = { ok: true };

function no(reason: Exclude<Verdict, { ok: true }>["reason"]): Verdict {
  return { ok: false, reason };
}

export function specOf(graph: Graph, kinds: Kinds, call: string): LayerSpec | undefined {
  const layer = layerOf(graph, call);
  return layer && kinds.get(layer.kind);
}

export function maxInputs(graph: Graph, kinds: Kinds, call: string): number {
  const limit = specOf(graph, kinds, call)?.inputs;
  return limit === undefined ? 1 : (limit.max ?? Number.POSITIVE_INFINITY);
}

/** May the output of `source` go into `target`? */
export function judge(graph: Graph, kinds: Kinds, source: string, target: string): Verdict {
  if (!graph.calls.has(source) || !graph.calls.has(target)) return no("gone");
  if (source === target) return no("self");
  const limit = maxInputs(graph, kinds, target);
  if (limit === 0) return no("no-inputs");
  if (downstream(graph, target).has(source)) return no("cycle");
  const inputs = graph.calls.get(target)?.inputs ?? [];
  if (limit === 1 && inputs.some(([id]) => id === source)) return no("twice");
  return YES;
}

/** The rank that `target` takes where an output of `source` has another one; null where they fit, or nobody knows. */
export function misfit(
  graph: Graph,
  kinds: Kinds,
  shape: Shape | null | undefined,
  target: string,
): { needed: number; got: number } | null {
  const needed = specOf(graph, kinds, target)?.rank ?? null;
  return shape && needed !== null && shape.length !== needed ? { needed, got: shape.length } : null;
}

/** The slot a new wire takes: the first free one, else the last is replaced. Self-attention looks elsewhere then. */
export function slotFor(graph: Graph, kinds: Kinds, target: string): number {
  const inputs = graph.calls.get(target)?.inputs ?? [];
  const used = inputs.length;
  const limit = maxInputs(graph, kinds, target);
  const [[query, place] = [], [value, other] = []] = inputs;
  const repeated = used === 2 && specOf(graph, kinds, target)?.inputs.first === 2 && query === value && place === other;
  return used < limit && !repeated ? used : Math.max(0, Math.min(used, limit) - 1);
}

export interface Target {
  id: string;
  title: string;
  kind: string;
  distance: number;
  replaces: boolean;
}

/** Every call that may take the output of `source`, nearest in the order of the graph first. */
export function legalTargets(graph: Graph, kinds: Kinds, source: string): Target[] {
  const order = ordered(graph);
  const here = order.indexOf(source);
  return order
    .map((id, index) => ({ id, distance: index - here }))
    .filter(({ id }) => judge(graph, kinds, source, id).ok)
    .sort((a, b) => Math.abs(a.distance) - Math.abs(b.distance))
    .map(({ id, distance }) => ({
      id,
      distance,
      title: titleOf(graph, id),
      kind: layerOf(graph, id)?.kind ?? "",
      replaces: (graph.calls.get(id)?.inputs.length ?? 0) >= maxInputs(graph, kinds, id),
    }));
}
