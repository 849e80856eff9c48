// Small graphs for the tests.

import type { CallData, LayerSpec, Position } from "../../src/contract";
import { EMPTY, type Graph } from "../../src/graph/document";

function spec(kind: string, category: string, min: number, max: number | null): LayerSpec {
  return {
    kind,
    category,
    doc: `About ${kind}.`,
    form: [],
    inputs: { min, max, first: category === "attention" ? 2 : Math.min(min, 1), names: [] },
    rank: null,
    aliases: [kind.toLowerCase().slice(0, 4)],
    key_args: [],
  };
}

export const KINDS = new Map(
  [
    spec("Input", "input", 0, 0),
    spec("Dense", "core", 1, 1),
    spec("Conv2D", "convolution", 1, 1),
    spec("Add", "merging", 2, null),
    spec("MultiHeadAttention", "attention", 2, 3),
  ].map((entry) => [entry.kind, entry]),
);

/** "a b<a c<a,b": calls with their inputs; the kind is Dense, Input without inputs, Add with several. */
export function graphOf(text: string): Graph {
  const calls = text.split(" ").map((part): CallData => {
    const [id = "", inputs = ""] = part.split("<");
    return { id, layer: id, inputs: inputs ? inputs.split(",").map((source) => [source, 0]) : [] };
  });
  const kindOf = (call: CallData) => (call.inputs.length === 0 ? "Input" : call.inputs.length > 1 ? "Add" : "Dense");
  return {
    ...EMPTY,
    calls: new Map(calls.map((call) => [call.id, call])),
    layers: new Map(calls.map((call) => [call.id, { id: call.id, kind: kindOf(call), args: {} }])),
    positions: new Map(calls.map((call, index): [string, Position] => [call.id, [0, index * 104]])),
    inputs: calls.filter((call) => call.inputs.length === 0).map((call) => call.id),
  };
}

/** The wires as the text that `graphOf` reads. */
export function textOf(graph: Graph): string {
  return [...graph.calls.values()]
    .map((call) => (call.inputs.length > 0 ? `${call.id}<${call.inputs.map(([source]) => source).join(",")}` : call.id))
    .join(" ");
}
