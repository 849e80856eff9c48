import { expect, test } from "vitest";

import type { FormField, LayerSpec } from "../../src/contract";
import { misfit } from "../../src/graph/connect";
import { apply, inverse } from "../../src/graph/document";
import { find } from "../../src/graph/find";
import { carried, replace } from "../../src/graph/replace";
import { graphOf, KINDS, textOf } from "./models";

function field(name: string, input = "number", more: Partial<FormField> = {}): FormField {
  return { name, doc: "", group: "main", required: false, default: null, input, ...more };
}

function spec(kind: string, form: FormField[]): LayerSpec {
  return {
    kind,
    category: "core",
    form,
    inputs: { min: 1, max: 1, first: 1, names: [] },
    rank: null,
    aliases: [],
    key_args: [],
  };
}

test("a replaced layer leaves its wires and its place to the new one, and undo puts it back", () => {
  const graph = graphOf("a b<a c<b d<b");
  const { patch, ids } = replace(graph, KINDS, "b", { kind: "Conv2D" });
  const after = apply(graph, patch);
  expect(ids).toEqual(["conv2d"]);
  expect(textOf(after)).toBe("a conv2d<a c<conv2d d<conv2d");
  expect(after.positions.get("conv2d")).toEqual(graph.positions.get("b"));
  expect(after.layers.has("b")).toBe(false);
  expect(textOf(apply(after, inverse(graph, patch)))).toBe("a b<a c<b d<b");
});

test("an Input takes the place of a layer without its wire, and is an input then", () => {
  const after = apply(graphOf("a b<a c<b"), replace(graphOf("a b<a c<b"), KINDS, "b", { kind: "Input" }).patch);
  expect(textOf(after)).toBe("a input c<input");
  expect(after.inputs).toEqual(["a", "input"]);
});

test("a layer that another call uses stays", () => {
  const graph = graphOf("a b<a");
  const shared = { ...graph, calls: new Map([...graph.calls, ["b#2", { id: "b#2", layer: "b", inputs: [] }]]) };
  const after = apply(shared, replace(shared, KINDS, "b", { kind: "Conv2D" }).patch);
  expect([...after.layers.keys()]).toContain("b");
  expect(textOf(after)).toBe("a conv2d<a b#2");
});

test("arguments go over where the new kind has them; units are filters", () => {
  const dense = spec("Dense", [field("units"), field("activation", "named"), field("use_bias", "switch")]);
  const sizes = (count: number) => field("kernel_size", "sizes", { count });
  const conv = spec("Conv2D", [field("filters"), sizes(2), field("activation", "named"), field("use_bias", "number")]);
  const conv1 = spec("Conv1D", [field("filters"), sizes(1)]);
  expect(carried({ units: 64, activation: "relu", use_bias: false }, dense, conv)).toEqual({
    filters: 64,
    activation: "relu",
  });
  expect(carried({ filters: 8, kernel_size: [3, 3] }, conv, conv1)).toEqual({ filters: 8 });
  expect(carried({ filters: 8, kernel_size: 3 }, conv, conv1)).toEqual({ filters: 8, kernel_size: 3 });
});

test("an output of another rank does not fit; where a rank is unknown everything does", () => {
  const graph = graphOf("a b<a");
  const kinds = new Map([...KINDS, ["Dense", { ...spec("Dense", []), rank: 4 }]]);
  expect(misfit(graph, kinds, [null, 8], "b")).toEqual({ needed: 4, got: 2 });
  expect(misfit(graph, kinds, [null, 8, 8, 1], "b")).toBeNull();
  expect(misfit(graph, kinds, null, "b")).toBeNull();
  expect(misfit(graph, KINDS, [null, 8], "b")).toBeNull();
});

const FOUND = new Map(
  Object.entries({ a: [null, 28, 28, 1], b: [null, 14, 14, 8], c: [null, 10] }).map(([id, shape], index) => [
    id,
    { shapes: [shape], dtype: "float32", params: index * 1000, trainable: 0, macs: 0, problems: [] },
  ]),
);

test.each([
  ["", "a b c"],
  ["inp", "a"],
  ["dense", "b c"],
  ["shape:14x14", "b"],
  ["params>500 dense", "b c"],
  ["params<500", "a"],
  ["dtype:float16", ""],
  ["nothing", ""],
])("looking for %j finds %j", (query, ids) => {
  const found = find(graphOf("a b<a c<b"), FOUND, query);
  expect(found.map(({ id }) => id).join(" ")).toBe(ids);
});
