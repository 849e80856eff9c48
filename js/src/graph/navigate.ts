// Where the arrow keys lead.

import type { Direction, Position } from "../contract";
import { type Graph, ordered, sourcesOf, targetsOf } from "./document";

export type Arrow = "ArrowUp" | "ArrowDown" | "ArrowLeft" | "ArrowRight";

function nearest(graph: Graph, from: string, ids: string[]): string | null {
  const [x, y] = graph.positions.get(from) ?? [0, 0];
  const far = (id: string) => {
    const [ox, oy] = graph.positions.get(id) ?? [0, 0];
    return Math.hypot(ox - x, oy - y);
  };
  return [...ids].sort((a, b) => far(a) - far(b))[0] ?? null;
}

function beside(graph: Graph, from: string, sign: -1 | 1, across: 0 | 1): string | null {
  const at = graph.positions.get(from);
  if (!at) return null;
  const along = (1 - across) as 0 | 1;
  const tolerance = across === 0 ? 60 : 120;
  const found = [...graph.positions].filter(
    ([id, place]: [string, Position]) =>
      id !== from &&
      graph.calls.has(id) &&
      (place[across] - at[across]) * sign > 20 &&
      Math.abs(place[along] - at[along]) < tolerance,
  );
  return nearest(
    graph,
    from,
    found.map(([id]) => id),
  );
}

/** The call an arrow key moves to: along the flow by wires, across it by place. */
export function neighbour(graph: Graph, from: string, arrow: Arrow, direction: Direction): string | null {
  const [back, on, less, more]: Arrow[] =
    direction === "down"
      ? ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"]
      : ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"];
  const across = direction === "down" ? 0 : 1;
  if (arrow === back) return nearest(graph, from, sourcesOf(graph, from));
  if (arrow === on) return nearest(graph, from, targetsOf(graph, from));
  if (arrow === less) return beside(graph, from, -1, across);
  return arrow === more ? beside(graph, from, 1, across) : null;
}

/** The next or previous call in the order of the flow; null past the ends. */
export function following(graph: Graph, from: string | null, backwards: boolean): string | null {
  const order = ordered(graph);
  if (from === null) return (backwards ? order.at(-1) : order[0]) ?? null;
  return order[order.indexOf(from) + (backwards ? -1 : 1)] ?? null;
}
