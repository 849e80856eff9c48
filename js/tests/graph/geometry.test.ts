import { expect, test } from "vitest";

import { around, fitted, type Rect, rectAt, started } from "../../src/graph/geometry";

const INSETS = { top: 20, right: 28, bottom: 66, left: 28 };
const CHAIN = Array.from({ length: 9 }, (_, index) => rectAt([0, index * 104]));

function shown(rect: Rect, view: { x: number; y: number; zoom: number }) {
  const [left, top] = [rect.x * view.zoom + view.x, rect.y * view.zoom + view.y];
  return { left, top, right: left + rect.width * view.zoom, bottom: top + rect.height * view.zoom };
}

test("the least rectangle is around all, and there is none around nothing", () => {
  expect(around(CHAIN)).toEqual({ x: 0, y: 0, width: 180, height: 8 * 104 + 56 });
  expect(around([])).toBeNull();
});

test.each([
  ["short", { width: 600, height: 260 }],
  ["usual", { width: 600, height: 560 }],
  ["narrow", { width: 160, height: 560 }],
  ["large", { width: 1600, height: 1400 }],
])("a fitted chain is whole and in the middle of a %s canvas", (_name, canvas) => {
  const view = fitted(around(CHAIN) as Rect, canvas, INSETS);
  const { left, top, right, bottom } = shown(around(CHAIN) as Rect, view);
  expect(top).toBeGreaterThanOrEqual(INSETS.top - 0.01);
  expect(bottom).toBeLessThanOrEqual(canvas.height - INSETS.bottom + 0.01);
  expect((left + right) / 2).toBeCloseTo(canvas.width / 2);
  expect((top + bottom) / 2).toBeCloseTo((INSETS.top + canvas.height - INSETS.bottom) / 2);
  expect(view.zoom).toBeLessThanOrEqual(1);
});

test("what is too large is shown from its start", () => {
  const view = started(CHAIN[0] as Rect, { width: 600, height: 400 }, INSETS, true);
  expect(shown(CHAIN[0] as Rect, view).top).toBeCloseTo(INSETS.top);
});
