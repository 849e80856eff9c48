// Sizes on the canvas, shared by layout, routing and drawing.

import type { Position } from "../contract";

export const GRID = 8;
export const NODE_WIDTH = 180;
export const NODE_HEIGHT = 56;
export const ROW_GAP = 48;
export const COLUMN_GAP = 40;

export interface Rect {
  x: number;
  y: number;
  width: number;
  height: number;
}

export function snap(value: number): number {
  return Math.round(value / GRID) * GRID;
}

export function snapped([x, y]: Position): Position {
  return [snap(x), snap(y)];
}

export function rectAt([x, y]: Position, height = NODE_HEIGHT): Rect {
  return { x, y, width: NODE_WIDTH, height };
}

export function overlaps(a: Rect, b: Rect, gap = 0): boolean {
  return (
    a.x < b.x + b.width + gap && b.x < a.x + a.width + gap && a.y < b.y + b.height + gap && b.y < a.y + a.height + gap
  );
}
