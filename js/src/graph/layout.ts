// A layered layout: longest path for the rows, barycentres for the order, least squares for the places.

import type { Direction, Position } from "../contract";
import { type Graph, ordered, sourcesOf, targetTable } from "./document";
import { COLUMN_GAP, NODE_HEIGHT, NODE_WIDTH, ROW_GAP, snap } from "./geometry";

interface Cell {
  id: string;
  dummy: boolean;
  row: number;
  breadth: number;
  above: Cell[];
  below: Cell[];
  centre: number;
}

const LANE = 24;
const SWEEPS = 12;
const LIGHT = 0.6; // the weight of a long wire against that of a node, where they make room for each other

export function rowsOf(graph: Graph): Map<string, number> {
  const rows = new Map<string, number>();
  const order = ordered(graph);
  for (const id of order) {
    const before = sourcesOf(graph, id).map((source) => rows.get(source) ?? -1);
    rows.set(id, Math.max(-1, ...before) + 1);
  }
  const table = targetTable(graph);
  for (const id of order.reverse()) {
    const targets = table.get(id) ?? [];
    if (sourcesOf(graph, id).length > 0 || targets.length === 0) continue;
    rows.set(id, Math.max(0, Math.min(...targets.map((target) => rows.get(target) ?? 1)) - 1));
  }
  return rows;
}

function cellsOf(graph: Graph, breadth: number): Cell[][] {
  const rows = rowsOf(graph);
  const grid: Cell[][] = [];
  const put = (id: string, row: number, dummy: boolean): Cell => {
    const cell = { id, dummy, row, breadth: dummy ? LANE : breadth, above: [], below: [], centre: 0 };
    grid[row] ??= [];
    grid[row].push(cell);
    return cell;
  };
  const join = (upper: Cell, lower: Cell) => {
    upper.below.push(lower);
    lower.above.push(upper);
  };
  const cells = new Map([...rows].map(([id, row]) => [id, put(id, row, false)]));
  for (const [id, cell] of cells) {
    for (const source of sourcesOf(graph, id)) {
      let upper = cells.get(source);
      if (!upper || upper.row >= cell.row) continue;
      for (let row = upper.row + 1; row < cell.row; row += 1) {
        const lane = put(`${source}>${id}:${row}`, row, true);
        join(upper, lane);
        upper = lane;
      }
      join(upper, cell);
    }
  }
  return grid.map((row) => row ?? []);
}

export function crossings(grid: { below: unknown[] }[][]): number {
  let count = 0;
  for (const [index, row] of grid.entries()) {
    const next = new Map<unknown, number>((grid[index + 1] ?? []).map((cell, place) => [cell, place]));
    const ends = row.flatMap((cell) => cell.below.map((lower) => next.get(lower) ?? 0).sort((a, b) => a - b));
    for (let i = 0; i < ends.length; i += 1) {
      for (let j = i + 1; j < ends.length; j += 1) if ((ends[i] as number) > (ends[j] as number)) count += 1;
    }
  }
  return count;
}

function sortRow(row: Cell[], neighbours: "above" | "below", places: Map<Cell, number>): void {
  const key = new Map(
    row.map((cell, index) => {
      const near = cell[neighbours].map((other) => places.get(other) ?? 0);
      return [cell, near.length ? near.reduce((a, b) => a + b, 0) / near.length : index];
    }),
  );
  row.sort((a, b) => (key.get(a) as number) - (key.get(b) as number));
}

function order(grid: Cell[][]): Cell[][] {
  const size = grid.reduce((sum, row) => sum + row.length, 0);
  let best = grid.map((row) => [...row]);
  let fewest = size > 3000 ? 0 : crossings(best);
  for (let sweep = 0; sweep < SWEEPS && fewest > 0; sweep += 1) {
    const down = sweep % 2 === 0;
    for (const row of down ? grid : [...grid].reverse()) {
      const near = grid[row[0] ? row[0].row + (down ? -1 : 1) : -1] ?? [];
      sortRow(row, down ? "above" : "below", new Map(near.map((cell, place) => [cell, place])));
    }
    const count = crossings(grid);
    if (count < fewest) {
      fewest = count;
      best = grid.map((row) => [...row]);
    }
  }
  return best;
}

/** Centres nearest to the wanted ones (least squares) that keep order and distance: pool adjacent violators. */
export function spread(wanted: number[], weights: number[], gaps: number[]): number[] {
  const offsets = [0];
  for (const gap of gaps) offsets.push((offsets.at(-1) as number) + gap);
  const blocks: { sum: number; weight: number; count: number }[] = [];
  wanted.forEach((value, index) => {
    const weight = weights[index] as number;
    blocks.push({ sum: (value - (offsets[index] as number)) * weight, weight, count: 1 });
    while (blocks.length > 1) {
      const last = blocks.at(-1) as (typeof blocks)[number];
      const before = blocks.at(-2) as (typeof blocks)[number];
      if (before.sum / before.weight <= last.sum / last.weight) break;
      blocks.pop();
      before.sum += last.sum;
      before.weight += last.weight;
      before.count += last.count;
    }
  });
  const values = blocks.flatMap((block) => Array.from({ length: block.count }, () => block.sum / block.weight));
  return values.map((value, index) => value + (offsets[index] as number));
}

/** Are these two neighbours in a chain: nothing else between them on the facing sides? */
function isLink(cell: Cell, other: Cell): boolean {
  const [upper, lower] = cell.row < other.row ? [cell, other] : [other, cell];
  if (cell.dummy && other.dummy) return true;
  return upper.below.length === 1 && lower.above.length === 1 && !cell.dummy && !other.dummy;
}

/** Runs of linked cells, the longest first. */
function chainsOf(grid: Cell[][]): Cell[][] {
  const seen = new Set<Cell>();
  const chains: Cell[][] = [];
  for (const start of grid.flat()) {
    if (seen.has(start)) continue;
    const chain = [start];
    for (
      let next = start.below[0];
      next && isLink(chain.at(-1) as Cell, next) && !seen.has(next);
      next = next.below[0]
    ) {
      chain.push(next);
    }
    for (const cell of chain) seen.add(cell);
    if (chain.length > 1) chains.push(chain);
  }
  return chains.sort((a, b) => b.length - a.length);
}

/** Put chains exactly straight where their rows leave room for it. */
function straighten(grid: Cell[][]): void {
  const fits = (cell: Cell, centre: number) => {
    const row = grid[cell.row] as Cell[];
    const place = row.indexOf(cell);
    return [row[place - 1], row[place + 1]].every(
      (other) =>
        !other ||
        Math.abs(other.centre - centre) >= (other.breadth + cell.breadth) / 2 + (other.dummy || cell.dummy ? 8 : 16),
    );
  };
  for (const chain of chainsOf(grid)) {
    const mean = chain.reduce((sum, cell) => sum + cell.centre, 0) / chain.length;
    if (chain.every((cell) => fits(cell, mean))) for (const cell of chain) cell.centre = mean;
  }
}

function settle(row: Cell[], sides: ("above" | "below")[]): void {
  const near = row.map((cell) => sides.flatMap((side) => cell[side]));
  const wanted = row.map((cell, index) => {
    const others = near[index] as Cell[];
    if (others.length === 0) return cell.centre;
    const weight = (other: Cell) => (isLink(cell, other) ? 8 : other.dummy ? LIGHT : 1);
    const total = others.reduce((sum, other) => sum + weight(other), 0);
    return others.reduce((sum, other) => sum + other.centre * weight(other), 0) / total;
  });
  const weights = row.map((cell, index) => (cell.dummy ? LIGHT : 1) * Math.max(0.05, (near[index] as Cell[]).length));
  const gaps = row.slice(1).map((cell, index) => (cell.breadth + (row[index] as Cell).breadth) / 2 + COLUMN_GAP);
  spread(wanted, weights, gaps).forEach((centre, index) => {
    (row[index] as Cell).centre = centre;
  });
}

/** A place for every call. `heights` are those of nodes that are taller than usual. */
export function arrange(
  graph: Graph,
  direction: Direction,
  heights: ReadonlyMap<string, number> = new Map(),
): Map<string, Position> {
  const down = direction === "down";
  const grid = order(cellsOf(graph, down ? NODE_WIDTH : NODE_HEIGHT));
  for (const row of grid) settle(row, ["above"]);
  for (let pass = 0; pass < 8; pass += 1) {
    for (const row of [...grid].reverse()) settle(row, ["below"]);
    for (const row of grid) settle(row, ["above"]);
  }
  for (let pass = 0; pass < 4; pass += 1) for (const row of grid) settle(row, ["above", "below"]);
  straighten(grid);
  const left = Math.min(0, ...grid.flat().map((cell) => cell.centre - cell.breadth / 2));
  const places = new Map<string, Position>();
  let along = 0;
  for (const row of grid) {
    const real = row.filter((cell) => !cell.dummy);
    for (const cell of real) {
      const across = snap(cell.centre - cell.breadth / 2 - left);
      places.set(cell.id, down ? [across, along] : [along, across]);
    }
    const tallest = Math.max(NODE_HEIGHT, ...real.map((cell) => heights.get(cell.id) ?? NODE_HEIGHT));
    along = snap(along + (down ? tallest + ROW_GAP : NODE_WIDTH + ROW_GAP + 24));
  }
  return places;
}
