import { expect, test } from "vitest";

import type { Position } from "../../src/contract";
import type { Graph } from "../../src/graph/document";
import { wiresOf } from "../../src/graph/document";
import { overlaps, type Rect, rectAt } from "../../src/graph/geometry";
import { arrange, rowsOf, spread } from "../../src/graph/layout";
import { type Path, routes } from "../../src/graph/route";
import { graphOf } from "./models";

function rects(places: ReadonlyMap<string, Position>): Map<string, Rect> {
  return new Map([...places].map(([id, at]) => [id, rectAt(at)]));
}

function chain(length: number, skip: number): Graph {
  const parts = Array.from({ length }, (_, index) => {
    if (index === 0) return "n0";
    return index % skip === 0 && index > skip ? `n${index}<n${index - 1},n${index - skip}` : `n${index}<n${index - 1}`;
  });
  return graphOf(parts.join(" "));
}

/** Does any piece of the way run through a node that it does not belong to? */
function hits(path: Path, others: Rect[]): boolean {
  for (let i = 1; i < path.length; i += 1) {
    const [ax, ay] = path[i - 1] as Position;
    const [bx, by] = path[i] as Position;
    for (let part = 0; part <= 20; part += 1) {
      const x = ax + ((bx - ax) * part) / 20;
      const y = ay + ((by - ay) * part) / 20;
      if (others.some((r) => x > r.x + 1 && x < r.x + r.width - 1 && y > r.y + 1 && y < r.y + r.height - 1))
        return true;
    }
  }
  return false;
}

test("a chain stands in one column", () => {
  const places = [...arrange(graphOf("a b<a c<b"), "down").values()];
  expect(new Set(places.map(([x]) => x)).size).toBe(1);
  expect(places.map(([, y]) => y)).toEqual([0, 104, 208]);
});

test("a chain to the right stands in one row", () => {
  const places = [...arrange(graphOf("a b<a c<b"), "right").values()];
  expect(new Set(places.map(([, y]) => y)).size).toBe(1);
});

test("an input stands right above what uses it", () => {
  const rows = rowsOf(graphOf("a b<a c<b d e<c,d"));
  expect(rows.get("d")).toBe(2);
});

test.each([
  ["branches", "a b<a c<a d<a e<b,c,d"],
  ["an inception block", "i a<i b<i b1<b c<i c1<c c2<c1 d<a,b1,c2"],
  ["a u-net", "i a<i b<a c<b d<c e<d,b f<e,a g<f"],
  ["islands", "a b<a x y<x"],
])("nodes of %s do not overlap and flow downwards", (_name, text) => {
  const graph = graphOf(text);
  const places = arrange(graph, "down");
  const all = [...rects(places).values()];
  expect(all.flatMap((one, i) => all.slice(i + 1).filter((other) => overlaps(one, other)))).toEqual([]);
  for (const wire of wiresOf(graph))
    expect((places.get(wire.target) as Position)[1]).toBeGreaterThan((places.get(wire.source) as Position)[1]);
});

test("places are on the grid and begin at zero", () => {
  const places = [...arrange(graphOf("a b<a c<a d<b,c"), "down").values()];
  expect(places.flat().every((value) => value % 8 === 0)).toBe(true);
  expect(Math.min(...places.map(([x]) => x))).toBe(0);
});

test("taller nodes push the next row down", () => {
  const places = arrange(graphOf("a b<a"), "down", new Map([["a", 120]]));
  expect((places.get("b") as Position)[1]).toBe(168);
});

test.each(["down", "right"] as const)("wires past many layers run through none of them, %s", (direction) => {
  const graph = chain(24, 4);
  const placed = rects(arrange(graph, direction));
  const wires = wiresOf(graph);
  const paths = routes(wires, placed, direction);
  for (const wire of wires) {
    const others = [...placed].filter(([id]) => id !== wire.source && id !== wire.target).map(([, rect]) => rect);
    expect(hits(paths.get(wire.id) as Path, others), wire.id).toBe(false);
  }
});

test("a wire against the flow goes round the nodes", () => {
  const placed = new Map([
    ["a", rectAt([0, 300])],
    ["b", rectAt([0, 0])],
  ]);
  const path = routes([{ id: "b:0", source: "a", output: 0, target: "b", slot: 0 }], placed, "down").get("b:0") as Path;
  expect(path[2]?.[0]).toBeGreaterThan(180);
});

test("wires into a merge enter in the order of their sources, whatever their slots", () => {
  const graph = graphOf("a b<a c<a d<c,b");
  const places = new Map<string, Position>([
    ["a", [100, 0]],
    ["b", [0, 104]],
    ["c", [220, 104]],
    ["d", [100, 208]],
  ]);
  const paths = routes(wiresOf(graph), rects(places), "down");
  expect(paths.get("d:1")?.at(-1)?.[0]).toBeLessThan(paths.get("d:0")?.at(-1)?.[0] as number);
});

test("wires into a merge end beside each other", () => {
  const graph = graphOf("a b<a c<a d<b,c");
  const paths = routes(wiresOf(graph), rects(arrange(graph, "down")), "down");
  expect(paths.get("d:0")?.at(-1)?.[0]).not.toBe(paths.get("d:1")?.at(-1)?.[0]);
});

test("each chain between merges stands exactly straight", () => {
  const graph = chain(24, 4);
  const places = arrange(graph, "down");
  for (const wire of wiresOf(graph)) {
    const inputs = graph.calls.get(wire.target)?.inputs.length ?? 0;
    const users = [...graph.calls.values()].filter((call) => call.inputs.some(([id]) => id === wire.source)).length;
    if (inputs === 1 && users === 1) expect(places.get(wire.target)?.[0], wire.id).toBe(places.get(wire.source)?.[0]);
  }
});

test("a long row of residual blocks does not drift aside", () => {
  const graph = chain(200, 4);
  const merges = [...graph.calls.values()].filter((call) => call.inputs.length > 1).map(({ id }) => id);
  const places = arrange(graph, "down");
  const xs = merges.map((id) => (places.get(id) as Position)[0]);
  expect(Math.max(...xs) - Math.min(...xs)).toBeLessThan(200);
});

test("500 layers are arranged in a second", () => {
  const start = performance.now();
  expect(arrange(chain(500, 3), "down").size).toBe(500);
  expect(performance.now() - start).toBeLessThan(1000);
});

test("spread keeps order and gaps and moves as little as it can", () => {
  expect(spread([0, 0], [1, 1], [10])).toEqual([-5, 5]);
  expect(spread([0, 100], [1, 1], [10])).toEqual([0, 100]);
  expect(spread([0, 0, 0], [1, 1, 1], [10, 10])).toEqual([-10, 0, 10]);
});
