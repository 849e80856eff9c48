import type { Direction, Position } from "../contract";
import type { Graph } from "./document";
import { NODE_HEIGHT, NODE_WIDTH } from "./geometry";

const REACH = 48;

/** The call whose output is within reach before a node that is put at `at`: such a node is wired by itself. */
export function outputNear(graph: Graph, at: Position, direction: Direction): string | null {
  const [along, across, length, breadth]: [0 | 1, 0 | 1, number, number] =
    direction === "down" ? [1, 0, NODE_HEIGHT, NODE_WIDTH] : [0, 1, NODE_WIDTH, NODE_HEIGHT];
  let best: string | null = null;
  let nearest = REACH;
  for (const [id, place] of graph.positions) {
    const gap = at[along] - (place[along] + length);
    const aside = Math.abs(at[across] - place[across]);
    if (!graph.calls.has(id) || gap < 0 || gap >= nearest || aside > breadth * 0.6) continue;
    best = id;
    nearest = gap;
  }
  return best;
}
