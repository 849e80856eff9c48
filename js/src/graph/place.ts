// Where a new node goes: near what it follows, never on another.

import type { Direction, Position } from "../contract";
import type { Graph } from "./document";
import { COLUMN_GAP, NODE_HEIGHT, NODE_WIDTH, overlaps, ROW_GAP, rectAt, snapped } from "./geometry";

export function step(direction: Direction): { along: Position; aside: Position } {
  const down: Position = [0, NODE_HEIGHT + ROW_GAP];
  const right: Position = [NODE_WIDTH + COLUMN_GAP, 0];
  return direction === "down"
    ? { along: down, aside: right }
    : { along: [NODE_WIDTH + ROW_GAP + 24, 0], aside: [0, NODE_HEIGHT + COLUMN_GAP] };
}

export function free(graph: Graph, wanted: Position, direction: Direction, taken: Position[] = []): Position {
  const others = [...graph.positions.entries()].filter(([id]) => graph.calls.has(id)).map(([, at]) => rectAt(at));
  others.push(...taken.map((at) => rectAt(at)));
  const { aside } = step(direction);
  let place = snapped(wanted);
  for (let tries = 0; tries < 200; tries += 1) {
    const here = rectAt(place);
    if (!others.some((other) => overlaps(here, other, 15))) return place;
    place = snapped([place[0] + aside[0], place[1] + aside[1]]);
  }
  return place;
}

/** The free place right after `call`, or where a first node belongs. */
export function after(graph: Graph, call: string | null, direction: Direction): Position {
  const at = call === null ? undefined : graph.positions.get(call);
  if (at) {
    const { along } = step(direction);
    return free(graph, [at[0] + along[0], at[1] + along[1]], direction);
  }
  return free(graph, [0, 0], direction);
}
