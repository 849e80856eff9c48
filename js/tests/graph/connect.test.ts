import { expect, test } from "vitest";

import { judge, legalTargets, slotFor } from "../../src/graph/connect";
import { graphOf, KINDS } from "./models";

test.each([
  ["a circle", "b", "a<x b<a x", "cycle"],
  ["a long circle", "d", "a<x b<a c<b d<c x", "cycle"],
  ["itself", "a", "a<x x", "self"],
  ["what is gone", "gone", "a<x x", "gone"],
])("a wire is refused: %s", (_name, source, text, reason) => {
  expect(judge(graphOf(text), KINDS, source, "a")).toEqual({ ok: false, reason });
});

test("an Input takes nothing in", () => {
  expect(judge(graphOf("a b"), KINDS, "a", "b")).toEqual({ ok: false, reason: "no-inputs" });
});

test("a single input is not wired twice to the same, a merge may be", () => {
  expect(judge(graphOf("a b<a"), KINDS, "a", "b")).toEqual({ ok: false, reason: "twice" });
  expect(judge(graphOf("a b<a c<a,b"), KINDS, "a", "c")).toEqual({ ok: true });
});

test("the first free slot is taken, the last where all are", () => {
  const graph = graphOf("a b<a c<a,b");
  expect(slotFor(graph, KINDS, "b")).toBe(0);
  expect(slotFor(graph, KINDS, "c")).toBe(2);
  const limited = {
    ...graph,
    layers: new Map(graph.layers).set("c", { id: "c", kind: "MultiHeadAttention", args: {} }),
  };
  expect(slotFor(limited, KINDS, "c")).toBe(2);
});

test("legal targets are the nearest first, and say what they would replace", () => {
  const targets = legalTargets(graphOf("a b<a c<b d<a,c"), KINDS, "a");
  expect(targets.map(({ id }) => id)).toEqual(["c", "d"]);
  expect(targets.map(({ replaces }) => replaces)).toEqual([true, false]);
});

test("a wire to self-attention is what it looks at from then on", () => {
  const graph = graphOf("a b c<a,a");
  const attention = { id: "c", kind: "MultiHeadAttention", args: {} };
  const own = { ...graph, layers: new Map(graph.layers).set("c", attention) };
  expect(slotFor(own, KINDS, "c")).toBe(1);
  expect(slotFor(graph, KINDS, "c")).toBe(2);
});
