import { expect, test } from "vitest";

import {
  apply,
  downstream,
  fromData,
  inverse,
  ordered,
  sinksOf,
  toData,
  upstream,
  wiresOf,
} from "../../src/graph/document";
import { graphOf, textOf } from "./models";

test("a document is the same after reading and writing", () => {
  const data = toData(graphOf("a b<a c<a,b"));
  expect(toData(fromData(data, {}))).toEqual(data);
});

test("a patch sets and deletes and leaves the graph before it as it was", () => {
  const graph = graphOf("a b<a");
  const after = apply(graph, {
    set: { calls: { b: null, c: { id: "c", layer: "a", inputs: [["a", 0]] } } },
    label: "",
  });
  expect(textOf(after)).toBe("a c<a");
  expect(textOf(graph)).toBe("a b<a");
});

test("the inverse of a patch takes it back, also the order of what it deleted", () => {
  const graph = graphOf("a b<a c<b d<c");
  const patch = {
    set: {
      calls: { b: null, c: { id: "c", layer: "c", inputs: [] } },
      layers: { b: null },
      positions: { b: null },
      inputs: ["a", "c"],
    },
    label: "x",
  };
  const back = apply(apply(graph, patch), inverse(graph, patch));
  expect(textOf(back)).toBe(textOf(graph));
  expect([...back.layers.keys()]).toEqual([...graph.layers.keys()]);
  expect(back.inputs).toEqual(graph.inputs);
});

test("places of a patch put entries back between others", () => {
  const after = apply(graphOf("a c<a"), {
    set: { calls: { b: { id: "b", layer: "b", inputs: [] } }, order: { calls: { b: 1 } } },
    label: "",
  });
  expect([...after.calls.keys()]).toEqual(["a", "b", "c"]);
});

test("outputs null and outputs left alone are two things", () => {
  const graph = { ...graphOf("a"), outputs: [["a", 0] as [string, number]] };
  expect(apply(graph, { set: {}, label: "" }).outputs).toEqual([["a", 0]]);
  expect(apply(graph, { set: { outputs: null }, label: "" }).outputs).toBeNull();
});

test("the order follows the wires, and calls in a circle come last", () => {
  expect(ordered(graphOf("c<b b<a a"))).toEqual(["a", "b", "c"]);
  expect(ordered(graphOf("x<y y<x a"))).toEqual(["a", "x", "y"]);
});

test("upstream and downstream reach through branches", () => {
  const graph = graphOf("a b<a c<a d<b,c e<d");
  expect([...upstream(graph, "d")].sort()).toEqual(["a", "b", "c"]);
  expect([...downstream(graph, "b")].sort()).toEqual(["d", "e"]);
});

test("wires that come from nowhere are not drawn", () => {
  expect(wiresOf(graphOf("a b<gone"))).toEqual([]);
});

test("sinks are what nothing uses", () => {
  expect(sinksOf(graphOf("a b<a c<a"))).toEqual(["b", "c"]);
});
