// Another kind of layer in the place of one: wires, place and common arguments stay.

import type { CallData, Json, LayerSpec, Patch, PatchSet, Tensor } from "../contract";
import { type Kinds, specOf } from "./connect";
import { type Graph, layerOf, titleOf } from "./document";
import type { Added, NewLayer } from "./edits";
import { newLayerId, snakeCase, takenIn } from "./names";

/** Arguments that say the same: how wide the output is. */
const WIDTH = new Set(["units", "filters"]);

function widthOf(spec: LayerSpec): string | undefined {
  return spec.form.find((field) => WIDTH.has(field.name))?.name;
}

/** The arguments of a layer that another kind has too; sizes only where both have as many axes. */
export function carried(args: Record<string, Json>, from: LayerSpec, to: LayerSpec): Record<string, Json> {
  const kept: Record<string, Json> = {};
  for (const [name, value] of Object.entries(args)) {
    const target = WIDTH.has(name) ? widthOf(to) : name;
    const [old, field] = [
      from.form.find((other) => other.name === name),
      to.form.find((other) => other.name === target),
    ];
    if (!target || !field || (old && old.input !== field.input)) continue;
    if (field.choices && !field.choices.includes(value)) continue;
    if (Array.isArray(value) && field.input === "sizes" && field.count !== old?.count) continue;
    kept[target] = value;
  }
  return kept;
}

/** Put a new layer in the place of a call. The old layer goes, unless another call uses it. */
export function replace(graph: Graph, kinds: Kinds, call: string, { kind, args = {} }: NewLayer): Added {
  const old = graph.calls.get(call);
  const layer = layerOf(graph, call);
  const [from, to] = [specOf(graph, kinds, call), kinds.get(kind)];
  if (!old || !layer || !to) return { patch: { set: {}, label: "Replace" }, ids: [] };
  const isShared = [...graph.calls.values()].some((other) => other.id !== call && other.layer === layer.id);
  const id = newLayerId(kind, takenIn(graph));
  const name = layer.name && layer.name !== snakeCase(layer.kind) && !isShared ? { name: layer.name } : {};
  const kept = from ? carried(layer.args, from, to) : {};
  const inputs = to.inputs.max === null ? old.inputs : old.inputs.slice(0, to.inputs.max);
  const set: PatchSet & Required<Pick<PatchSet, "layers" | "calls" | "positions">> = {
    layers: { [id]: { id, kind, ...name, args: { ...kept, ...args } } },
    calls: { [call]: null, [id]: { id, layer: id, inputs } },
    positions: { [call]: null, [id]: graph.positions.get(call) ?? [0, 0] },
    order: { calls: { [id]: [...graph.calls.keys()].indexOf(call) } },
  };
  if (!isShared) {
    set.layers[layer.id] = null;
    set.order = { ...set.order, layers: { [id]: [...graph.layers.keys()].indexOf(layer.id) } };
  }
  for (const other of graph.calls.values()) {
    if (other.id !== call && other.inputs.some(([source]) => source === call))
      set.calls[other.id] = turned(other, call, id);
  }
  const [was, is] = [graph.inputs.includes(call), to.inputs.max === 0];
  if (was && is) set.inputs = graph.inputs.map((input) => (input === call ? id : input));
  else if (was) set.inputs = graph.inputs.filter((input) => input !== call);
  else if (is) set.inputs = [...graph.inputs, id];
  if (graph.outputs?.some(([source]) => source === call)) {
    set.outputs = graph.outputs.map((tensor) => renamed(tensor, call, id));
  }
  const patch: Patch = { set, label: `Replace ${titleOf(graph, call)} by ${kind}` };
  return { patch, ids: [id] };
}

function renamed([source, output]: Tensor, from: string, to: string): Tensor {
  return source === from ? [to, 0] : [source, output];
}

function turned(call: CallData, from: string, to: string): CallData {
  return { ...call, inputs: call.inputs.map((tensor) => renamed(tensor, from, to)) };
}
