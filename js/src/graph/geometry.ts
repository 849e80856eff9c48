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

/** The least rectangle around all. */
export function around(rects: Iterable<Rect>): Rect | null {
  let [left, top, right, bottom] = [
    Number.POSITIVE_INFINITY,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ];
  for (const { x, y, width, height } of rects) {
    left = Math.min(left, x);
    top = Math.min(top, y);
    right = Math.max(right, x + width);
    bottom = Math.max(bottom, y + height);
  }
  return left < right ? { x: left, y: top, width: right - left, height: bottom - top } : null;
}

export interface Size {
  width: number;
  height: number;
}

export interface Insets {
  top: number;
  right: number;
  bottom: number;
  left: number;
}

export interface View {
  x: number;
  y: number;
  zoom: number;
}

/** The view that shows all of `bounds` in the middle of what `insets` leave free of a canvas. */
export function fitted(bounds: Rect, canvas: Size, insets: Insets, most = 1, least = 0.1): View {
  const width = Math.max(1, canvas.width - insets.left - insets.right);
  const height = Math.max(1, canvas.height - insets.top - insets.bottom);
  const zoom = Math.max(least, Math.min(most, width / bounds.width, height / bounds.height));
  return {
    x: insets.left + width / 2 - (bounds.x + bounds.width / 2) * zoom,
    y: insets.top + height / 2 - (bounds.y + bounds.height / 2) * zoom,
    zoom,
  };
}

/** The start of what is too large to be read as a whole: its first node, near the edge where the data comes in. */
export function started(first: Rect, canvas: Size, insets: Insets, down: boolean, zoom = 0.6): View {
  const free = fitted(first, canvas, insets, zoom, zoom);
  return down ? { ...free, y: insets.top - first.y * zoom } : { ...free, x: insets.left - first.x * zoom };
}
