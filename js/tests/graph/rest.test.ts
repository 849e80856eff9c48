import { expect, test } from "vitest";

import type { Catalog, FormField } from "../../src/contract";
import { copied, fromText, pasted, toText } from "../../src/graph/clipboard";
import { apply } from "../../src/graph/document";
import {
  brief,
  bytes,
  count,
  duration,
  figure,
  grouped,
  shapeChip,
  shapeTuple,
  valuesIn,
} from "../../src/graph/format";
import { newCallId, newLayerId, snakeCase } from "../../src/graph/names";
import { following, neighbour } from "../../src/graph/navigate";
import { outputNear } from "../../src/graph/near";
import { completed, currentWord, findLayers, suggest } from "../../src/graph/suggest";
import { graphOf, KINDS, textOf } from "./models";

test.each([
  ["Conv2D", "conv2d"],
  ["MaxPooling2D", "max_pooling2d"],
  ["LSTM", "lstm"],
  ["GlobalAveragePooling2D", "global_average_pooling2d"],
  ["BatchNormalization", "batch_normalization"],
  ["MultiHeadAttention", "multi_head_attention"],
  ["ReLU", "re_lu"],
])("%s is called %s as Keras calls it", (kind, name) => {
  expect(snakeCase(kind)).toBe(name);
});

test("ids count up, and a second call of a layer is #2", () => {
  expect(newLayerId("Dense", new Set(["dense", "dense_1"]))).toBe("dense_2");
  expect(newCallId("dense", new Set(["dense"]))).toBe("dense#2");
});

test("pasted layers have new ids and their inner wires", () => {
  const graph = graphOf("a b<a c<b");
  const clip = fromText(toText(copied(graph, ["b", "c"])));
  const { patch, ids } = pasted(graph, KINDS, clip as NonNullable<typeof clip>, false, "down");
  expect(ids).toEqual(["dense", "dense_1"]);
  expect(textOf(apply(graph, patch))).toBe("a b<a c<b dense dense_1<dense");
});

test("incoming wires stay where asked", () => {
  const graph = graphOf("a b<a");
  const { patch } = pasted(graph, KINDS, copied(graph, ["b"]), true, "down");
  expect(textOf(apply(graph, patch))).toBe("a b<a dense<a");
});

test("a pasted Input becomes an input of the model, and copies lie clear of the rest", () => {
  const graph = graphOf("a b<a");
  const next = apply(graph, pasted(graph, KINDS, copied(graph, ["a"]), false, "down").patch);
  expect(next.inputs).toEqual(["a", "input"]);
  expect(next.positions.get("input")).not.toEqual(next.positions.get("a"));
});

test.each(["", "hello", "{}", '{"kerasviz":2}', '{"kerasviz":1,"layers":3}'])("%j is no clip", (text) => {
  expect(fromText(text)).toBeNull();
});

test("arrows go along the wires and across to the neighbours", () => {
  const graph = {
    ...graphOf("a b<a c<a d<b,c"),
    positions: new Map<string, [number, number]>([
      ["a", [100, 0]],
      ["b", [0, 104]],
      ["c", [220, 104]],
      ["d", [100, 208]],
    ]),
  };
  expect(neighbour(graph, "a", "ArrowDown", "down")).toBe("b");
  expect(neighbour(graph, "d", "ArrowUp", "down")).toBe("b");
  expect(neighbour(graph, "b", "ArrowRight", "down")).toBe("c");
  expect(neighbour(graph, "c", "ArrowLeft", "down")).toBe("b");
  expect(neighbour(graph, "a", "ArrowUp", "down")).toBeNull();
});

test("Tab goes through the flow and out at its ends", () => {
  const graph = graphOf("a b<a");
  expect(following(graph, null, false)).toBe("a");
  expect(following(graph, "a", false)).toBe("b");
  expect(following(graph, "b", false)).toBeNull();
  expect(following(graph, "a", true)).toBeNull();
});

test("a node put close below another is wired to it, one far away is not", () => {
  const graph = graphOf("a");
  expect(outputNear(graph, [8, 88], "down")).toBe("a");
  expect(outputNear(graph, [8, 200], "down")).toBeNull();
  expect(outputNear(graph, [400, 88], "down")).toBeNull();
  expect(outputNear(graph, [210, 8], "right")).toBe("a");
});

test.each([
  [[null, 28, 28, 1], "28×28×1", "(None, 28, 28, 1)"],
  [[null, null, 3], "?×3", "(None, None, 3)"],
  [[null], "1", "(None,)"],
])("the shape %j reads %s", (shape, chip, tuple) => {
  expect(shapeChip(shape)).toBe(chip);
  expect(shapeTuple(shape)).toBe(tuple);
});

test("values of a shape are counted where they are known", () => {
  expect(valuesIn([null, 3, 4])).toBe(12);
  expect(valuesIn([null, null, 4])).toBeNull();
});

test.each([
  [320, "320"],
  [18496, "18.5k"],
  [1_200_000, "1.2M"],
  [25_600_000, "25.6M"],
  [123_456, "123k"],
])("%d is %s", (value, text) => {
  expect(count(value)).toBe(text);
});

test.each([
  [0.1234567, "0.1235"],
  [0, "0"],
  [1e-7, "1e-7"],
  [0.00083, "8.3e-4"],
  [1234567, "1.23e6"],
  [Number.NaN, "NaN"],
  [Number.POSITIVE_INFINITY, "∞"],
])("%d reads %s", (value, text) => {
  expect(figure(value)).toBe(text);
});

test("durations, bytes and long numbers are readable", () => {
  expect(duration(102)).toBe("1:42");
  expect(duration(3723)).toBe("1:02:03");
  expect(bytes(3136)).toBe("3.1 kB");
  expect(grouped(18496)).toBe("18\u2009496");
});

test("arguments are shown in a few letters", () => {
  expect(brief([3, 3])).toBe("3×3");
  expect(brief({ class_name: "HeNormal", config: {} })).toBe("HeNormal");
  expect(brief(true)).toBe("on");
});

const activation: FormField = {
  name: "activation",
  doc: "",
  group: "main",
  required: false,
  default: null,
  input: "named",
  family: "activation",
};
const padding: FormField = {
  name: "padding",
  doc: "",
  group: "main",
  required: false,
  default: "valid",
  input: "select",
  choices: ["valid", "same"],
};
const filters: FormField = {
  name: "filters",
  doc: "Channels.",
  group: "main",
  required: true,
  default: null,
  input: "number",
};
const empty = {
  cells: [],
  schedules: [],
  losses: [],
  metrics: [],
  optimizers: [],
  callbacks: [],
  initializers: [],
  regularizers: [],
  constraints: [],
};
const layer = (kind: string, aliases: string[], form: FormField[] = [], doc = "") => ({
  kind,
  category: "core",
  doc,
  form,
  aliases,
  key_args: [],
  rank: null,
  inputs: { min: 1, max: 1, first: 1, names: [] },
});
const CATALOG: Catalog = {
  ...empty,
  activations: ["relu", "selu", "softmax"],
  layers: [
    layer("Conv2D", ["conv"], [filters, padding, activation]),
    layer("Conv2DTranspose", []),
    layer("Dense", ["dense"], [], "Every input to every unit."),
  ],
};

test("layers are found by prefix, alias, subsequence and their words, exact ones first", () => {
  expect(findLayers(CATALOG.layers, "conv").map(({ kind }) => kind)).toEqual(["Conv2D", "Conv2DTranspose"]);
  expect(findLayers(CATALOG.layers, "c2dt").map(({ kind }) => kind)).toEqual(["Conv2DTranspose"]);
  expect(findLayers(CATALOG.layers, "every").map(({ kind }) => kind)).toEqual(["Dense"]);
  expect(findLayers(CATALOG.layers, "zzz")).toEqual([]);
});

test.each([
  ["dense", ["Dense", "DenseNet", "EinsumDense", "DeepEncoderSet", "Other"]],
  ["pool", ["MaxPooling2D", "MaxPooling1D"]],
])(
  "for %j the exact name is first, then beginnings, insides, letters in order, and words of the docs",
  (word, kinds) => {
    const layers = [
      layer("Other", [], [], "Like a dense one."),
      layer("DeepEncoderSet", []),
      layer("EinsumDense", []),
      layer("DenseNet", []),
      layer("Dense", []),
      layer("MaxPooling1D", []),
      layer("MaxPooling2D", []),
    ];
    expect(findLayers(layers, word).map(({ kind }) => kind)).toEqual(kinds);
  },
);

test("the word under the caret belongs to the layer after the last >", () => {
  expect(currentWord("dense 3 > conv 32 re", 20)).toEqual({ word: "re", start: 18, before: ["conv", "32"] });
});

test("layers are offered first, then their choices, activations and arguments", () => {
  expect(suggest(CATALOG, "con", 3).map(({ text }) => text)).toEqual(["conv", "Conv2DTranspose"]);
  expect(suggest(CATALOG, "conv 32 re", 10)[0]?.text).toBe("relu");
  expect(suggest(CATALOG, "conv 32 sa", 10)[0]?.text).toBe("same");
  expect(suggest(CATALOG, "conv fi", 7)[0]?.text).toBe("filters=");
  expect(suggest(CATALOG, "conv 32", 7)).toEqual([]);
});

test("completing replaces the word and leaves the caret behind it", () => {
  const text = "dense 3 > con";
  const done = completed(text, text.length, { text: "conv", kind: "Conv2D", doc: "" });
  expect(done).toEqual({ text: "dense 3 > conv ", caret: 15 });
});
