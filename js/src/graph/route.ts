// The way of each wire: straight where nothing is in between, else through a free lane at the side.

import type { Direction, Position } from "../contract";
import type { Wire } from "./document";
import type { Rect } from "./geometry";

export type Path = Position[];

interface Lane {
  x: number;
  top: number;
  bottom: number;
  source: string;
}

const CLEAR = 16;
const LEAD = 14;
const ROOMY = 46; // beside a node, with room for the wire's label

function turned(rect: Rect): Rect {
  return { x: rect.y, y: rect.x, width: rect.height, height: rect.width };
}

function isFree(x: number, top: number, bottom: number, rects: Rect[], lanes: Lane[], source: string): boolean {
  const hit = rects.some(
    (r) => x > r.x - CLEAR + 1 && x < r.x + r.width + CLEAR - 1 && top < r.y + r.height && r.y < bottom,
  );
  if (hit) return false;
  return !lanes.some(
    (lane) => lane.source !== source && Math.abs(lane.x - x) < 10 && top < lane.bottom && lane.top < bottom,
  );
}

function laneFor(from: Position, to: Position, rects: Rect[], lanes: Lane[], source: string): number {
  const top = from[1] + LEAD;
  const bottom = to[1] - LEAD;
  const between = rects.filter((r) => r.y < bottom && top < r.y + r.height);
  const sides = between.flatMap((r) => [r.x - ROOMY, r.x - CLEAR, r.x + r.width + CLEAR, r.x + r.width + ROOMY]);
  const isTight = (x: number) => between.some((r) => x > r.x - ROOMY && x < r.x + r.width + ROOMY);
  const tries = [from[0], to[0], ...sides].flatMap((x) => [x, x - 10, x + 10, x - 20, x + 20, x - 30, x + 30]);
  const cost = (x: number) => Math.abs(x - from[0]) + Math.abs(x - to[0]) + (isTight(x) ? 2 * ROOMY : 0);
  const open = tries.filter((x) => isFree(x, top, bottom, between, lanes, source));
  return open.sort((a, b) => cost(a) - cost(b))[0] ?? from[0];
}

function end(rect: Rect, index: number, count: number, side: "top" | "bottom"): Position {
  const spread = Math.min(18, (rect.width - 40) / Math.max(1, count));
  return [rect.x + rect.width / 2 + (index - (count - 1) / 2) * spread, side === "top" ? rect.y : rect.y + rect.height];
}

export interface Ends {
  /** How many outputs each call shows, and how many wires enter it. */
  outputs: ReadonlyMap<string, number>;
  slots: ReadonlyMap<string, number>;
}

export function endsOf(wires: Wire[]): Ends {
  const outputs = new Map<string, number>();
  const slots = new Map<string, number>();
  for (const wire of wires) {
    outputs.set(wire.source, Math.max(outputs.get(wire.source) ?? 1, wire.output + 1));
    slots.set(wire.target, Math.max(slots.get(wire.target) ?? 1, wire.slot + 1));
  }
  return { outputs, slots };
}

/** Points of every wire from output to input. Long wires avoid nodes and do not lie on each other. */
export function routes(
  wires: Wire[],
  rects: ReadonlyMap<string, Rect>,
  direction: Direction,
  ends: Ends = endsOf(wires),
): Map<string, Path> {
  const down = direction === "down";
  const placed = new Map([...rects].map(([id, rect]) => [id, down ? rect : turned(rect)]));
  const all = [...placed];
  const places = entries(wires, placed);
  const lanes: Lane[] = [];
  const paths = new Map<string, Path>();
  for (const wire of wires) {
    const source = placed.get(wire.source);
    const target = placed.get(wire.target);
    if (!source || !target) continue;
    const from = end(source, wire.output, ends.outputs.get(wire.source) ?? 1, "bottom");
    const to = end(target, places.get(wire.id) ?? wire.slot, ends.slots.get(wire.target) ?? 1, "top");
    const path =
      to[1] - from[1] > 2 * LEAD
        ? way(from, to, obstacles(all, wire, from[1], to[1]), lanes, wire.source)
        : to[1] - from[1] > 4
          ? [from, to]
          : back(from, to, source, target);
    paths.set(wire.id, down ? path : path.map(([x, y]): Position => [y, x]));
  }
  return paths;
}

/** Which place of its target's edge each wire enters: from left to right as their sources stand, so that none cross. */
function entries(wires: Wire[], placed: ReadonlyMap<string, Rect>): Map<string, number> {
  const into = new Map<string, Wire[]>();
  for (const wire of wires) into.set(wire.target, [...(into.get(wire.target) ?? []), wire]);
  const middle = ({ source }: Wire) => (placed.get(source)?.x ?? 0) + (placed.get(source)?.width ?? 0) / 2;
  return new Map(
    [...into.values()].flatMap((group) =>
      [...group]
        .sort((a, b) => middle(a) - middle(b) || a.slot - b.slot)
        .map((wire, place): [string, number] => [wire.id, place]),
    ),
  );
}

/** The nodes that stand between the rows of a wire's ends. */
function obstacles(all: [string, Rect][], wire: Wire, top: number, bottom: number): Rect[] {
  return all.flatMap(([id, rect]) =>
    id !== wire.source && id !== wire.target && rect.y < bottom && top < rect.y + rect.height ? [rect] : [],
  );
}

/** Against the flow: out below, past the nearer side of both nodes, in from above. */
function back(from: Position, to: Position, source: Rect, target: Rect): Path {
  const left = Math.min(source.x, target.x) - CLEAR * 1.5;
  const right = Math.max(source.x + source.width, target.x + target.width) + CLEAR * 1.5;
  const between = Math.max(source.x, target.x) - Math.min(source.x + source.width, target.x + target.width);
  const middle = (from[0] + to[0]) / 2;
  const x = between > 2 * CLEAR ? middle : Math.abs(middle - left) < Math.abs(right - middle) ? left : right;
  return [from, [from[0], from[1] + LEAD], [x, from[1] + LEAD], [x, to[1] - LEAD], [to[0], to[1] - LEAD], to];
}

function way(from: Position, to: Position, others: Rect[], lanes: Lane[], source: string): Path {
  const top = from[1];
  const bottom = to[1];
  const low = Math.min(from[0], to[0]);
  const high = Math.max(from[0], to[0]);
  const blocked = others.some(
    (r) => r.x < high + 4 && low - 4 < r.x + r.width && r.y < bottom - LEAD && top + LEAD < r.y + r.height,
  );
  if (!blocked) return [from, to];
  const x = laneFor(from, to, others, lanes, source);
  lanes.push({ x, top, bottom, source });
  return [from, [from[0], top + LEAD], [x, top + LEAD * 2], [x, bottom - LEAD * 2], [to[0], bottom - LEAD], to];
}
