import { expect, test } from "vitest";

import type { Patch } from "../../src/contract";
import { apply, type Graph, inverse, wiresOf } from "../../src/graph/document";
import * as edits from "../../src/graph/edits";
import { overlaps, rectAt } from "../../src/graph/geometry";
import { graphOf, KINDS, textOf } from "./models";

function after(graph: Graph, patch: Patch): string {
  return textOf(apply(graph, patch));
}

test("a layer is added after a call and wired to it", () => {
  const { patch, ids } = edits.add(graphOf("a b<a"), KINDS, [{ kind: "Dense" }], { after: "b" }, "down");
  expect(ids).toEqual(["dense"]);
  expect(after(graphOf("a b<a"), patch)).toBe("a b<a dense<b");
});

test("a chain is one patch, and each layer follows the one before", () => {
  const { patch } = edits.add(
    graphOf("a"),
    KINDS,
    [{ kind: "Conv2D" }, { kind: "Conv2D" }, { kind: "Dense" }],
    { after: "a" },
    "down",
  );
  expect(after(graphOf("a"), patch)).toBe("a conv2d<a conv2d_1<conv2d dense<conv2d_1");
});

test("an Input is not wired and becomes an input of the model", () => {
  const { patch } = edits.add(graphOf("a"), KINDS, [{ kind: "Input" }], { after: "a" }, "down");
  const next = apply(graphOf("a"), patch);
  expect(next.calls.get("input")?.inputs).toEqual([]);
  expect(next.inputs).toEqual(["a", "input"]);
});

test("a layer on a wire takes its place in the same slot", () => {
  const graph = graphOf("a b<a c<a,b");
  const wire = wiresOf(graph).find(({ id }) => id === "c:1");
  const { patch } = edits.add(graph, KINDS, [{ kind: "Dense" }], { on: wire as NonNullable<typeof wire> }, "down");
  expect(after(graph, patch)).toBe("a b<a c<a,dense dense<b");
});

test("a layer on a wire moves what follows, and nothing before", () => {
  const graph = graphOf("a b<a c<b");
  const wire = wiresOf(graph).find(({ id }) => id === "b:0");
  const next = apply(
    graph,
    edits.add(graph, KINDS, [{ kind: "Dense" }], { on: wire as NonNullable<typeof wire> }, "down").patch,
  );
  expect(next.positions.get("a")).toEqual([0, 0]);
  expect(next.positions.get("dense")).toEqual([0, 104]);
  expect(next.positions.get("b")).toEqual([0, 208]);
  expect(next.positions.get("c")).toEqual([0, 312]);
});

test("new nodes never land on others", () => {
  let graph = graphOf("a");
  for (let round = 0; round < 6; round += 1) {
    graph = apply(graph, edits.add(graph, KINDS, [{ kind: "Dense" }, { kind: "Dense" }], { after: "a" }, "down").patch);
  }
  const rects = [...graph.positions.values()].map((at) => rectAt(at));
  const clashes = rects.flatMap((one, i) => rects.slice(i + 1).filter((other) => overlaps(one, other)));
  expect(clashes).toEqual([]);
});

test("places are on the grid", () => {
  const { patch } = edits.add(graphOf("a"), KINDS, [{ kind: "Dense" }], { after: null, at: [13, 27] }, "down");
  expect(patch.set.positions?.dense?.map((value) => value % 8)).toEqual([0, 0]);
});

test("connecting to a full single input replaces it", () => {
  expect(after(graphOf("a b c<a"), edits.connect(graphOf("a b c<a"), KINDS, ["b", 0], "c"))).toBe("a b c<b");
});

test("connecting to a merge adds an input", () => {
  const graph = graphOf("a b c d<a,b");
  expect(after(graph, edits.connect(graph, KINDS, ["c", 0], "d"))).toBe("a b c d<a,b,c");
});

test("disconnecting closes the gap between the inputs that stay", () => {
  const graph = graphOf("a b c d<a,b,c");
  const wires = wiresOf(graph).filter(({ source }) => source === "b");
  expect(after(graph, edits.disconnect(graph, wires))).toBe("a b c d<a,c");
});

test.each([
  ["one in a chain", "a b<a c<b", ["b"], "a c<a"],
  ["two in a row", "a b<a c<b d<c", ["b", "c"], "a d<a"],
  ["one that several use", "a b<a c<b d<b", ["b"], "a c<a d<a"],
  ["one of a merge's branches", "a b<a c<a d<b,c", ["c"], "a b<a d<b,a"],
  ["a merge: nothing can stand for it", "a b<a c<a,b d<c", ["c"], "a b<a d"],
  ["the first", "a b<a", ["a"], "b"],
  ["the last", "a b<a c<b", ["c"], "a b<a"],
])("deleting heals: %s", (_name, before, ids, expected) => {
  const graph = graphOf(before);
  expect(after(graph, edits.remove(graph, ids, true))).toBe(expected);
});

test("deleting without healing leaves the wire off", () => {
  const graph = graphOf("a b<a c<b");
  expect(after(graph, edits.remove(graph, ["b"], false))).toBe("a c");
});

test("deleting an Input takes it from the model's inputs, and its place away", () => {
  const next = apply(graphOf("a b"), edits.remove(graphOf("a b"), ["a"], true));
  expect(next.inputs).toEqual(["b"]);
  expect(next.positions.has("a")).toBe(false);
});

test("deleting one call of a shared layer keeps the layer", () => {
  const graph = graphOf("a b<a");
  const shared = apply(graph, edits.share(graph, "b", "down").patch);
  expect([...shared.calls.keys()]).toEqual(["a", "b", "b#2"]);
  const left = apply(shared, edits.remove(shared, ["b"], true));
  expect(left.layers.has("b")).toBe(true);
  expect(left.calls.get("b#2")?.layer).toBe("b");
});

test("every edit can be taken back", () => {
  const graph = graphOf("a b<a c<b d<b,c");
  const wires = wiresOf(graph);
  const patches = [
    edits.add(graph, KINDS, [{ kind: "Dense" }], { after: "b" }, "down").patch,
    edits.remove(graph, ["b"], true),
    edits.disconnect(graph, wires),
    edits.setArg(graph, ["b"], "units", 3),
    edits.rename(graph, "b", "first"),
    edits.merge(graph, "Add", ["a", "b"], "down").patch,
    edits.share(graph, "b", "right").patch,
    edits.move(new Map([["a", [8, 8]]])),
  ];
  for (const patch of patches) {
    const back = apply(apply(graph, patch), inverse(graph, patch));
    expect(textOf(back)).toBe(textOf(graph));
    expect([...back.layers.values()]).toEqual([...graph.layers.values()]);
    expect([...back.positions]).toEqual([...graph.positions]);
  }
});

test("an argument at its default is not in the document", () => {
  const graph = apply(graphOf("a b<a"), edits.setArg(graphOf("a b<a"), ["b"], "units", 8));
  expect(graph.layers.get("b")?.args).toEqual({ units: 8 });
  expect(apply(graph, edits.setArg(graph, ["b"], "units", undefined)).layers.get("b")?.args).toEqual({});
});

test("typing in one field undoes as one", () => {
  const graph = graphOf("a b<a");
  expect(edits.setArg(graph, ["b"], "units", 1).coalesce).toBe(edits.setArg(graph, ["b"], "units", 12).coalesce);
  expect(edits.setArg(graph, ["b"], "rate", 1).coalesce).not.toBe(edits.setArg(graph, ["b"], "units", 1).coalesce);
});

test("a name equal to the id, or none, is no name", () => {
  const named = apply(graphOf("a b<a"), edits.rename(graphOf("a b<a"), "b", "first"));
  expect(named.layers.get("b")?.name).toBe("first");
  expect(apply(named, edits.rename(named, "b", "")).layers.get("b")).not.toHaveProperty("name");
  expect(apply(named, edits.rename(named, "b", "b")).layers.get("b")).not.toHaveProperty("name");
});

test("a merge takes its inputs in the order of the selection", () => {
  const graph = graphOf("a b c");
  const { patch, ids } = edits.merge(graph, "Add", ["c", "a"], "down");
  expect(ids).toEqual(["add"]);
  expect(after(graph, patch)).toBe("a b c add<c,a");
});

test("attention behind one tensor looks at that tensor's own places", () => {
  const { patch } = edits.add(graphOf("a"), KINDS, [{ kind: "MultiHeadAttention" }], { after: "a" }, "down");
  const graph = apply(graphOf("a"), patch);
  expect(textOf(graph)).toBe("a multi_head_attention<a,a");
  const [query, value] = wiresOf(graph);
  expect([query?.id, value?.id]).toEqual(["multi_head_attention:0", "multi_head_attention:1"]);
});

test("what takes one tensor twice is healed when it goes", () => {
  const graph = graphOf("a b<a,a c<b");
  expect(after(graph, edits.remove(graph, ["b"], true))).toBe("a c<a");
});
