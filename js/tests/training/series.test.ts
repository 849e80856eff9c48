import { expect, test } from "vitest";

import type { SeriesMessage } from "../../src/contract";
import { aligned, curvesOf, valueAt } from "../../src/training/curves";
import { bestOf, families, moreIsBetter, Runs, smoothed, Table, thinned } from "../../src/training/series";

function view(array: Float64Array | Float32Array): DataView {
  return new DataView(array.buffer, array.byteOffset, array.byteLength);
}

function frame(sequence: number, change: Partial<SeriesMessage> = {}): SeriesMessage {
  return { type: "series", run: "r", sequence, reset: false, level: "batch", names: ["loss"], count: 2, ...change };
}

const points = (x: number[], ...ys: number[][]) => [
  view(Float64Array.from(x)),
  ...ys.map((y) => view(Float32Array.from(y))),
];

test("frames are appended, past the first size of the table", () => {
  const table = new Table();
  for (let at = 0; at < 3000; at += 100) {
    const x = Float64Array.from({ length: 100 }, (_, index) => at + index);
    table.append(x, new Map([["loss", Float32Array.from(x)]]));
  }
  expect(table.length).toBe(3000);
  expect(table.y("loss")[2999]).toBe(2999);
  expect(table.x()[1500]).toBe(1500);
});

test("a name that comes late, or misses a frame, has gaps", () => {
  const table = new Table();
  table.append(Float64Array.of(1), new Map([["loss", Float32Array.of(5)]]));
  table.append(Float64Array.of(2), new Map([["val_loss", Float32Array.of(6)]]));
  expect([...table.y("loss")]).toEqual([5, Number.NaN]);
  expect([...table.y("val_loss")]).toEqual([Number.NaN, 6]);
});

test("columns are copied out of buffers at any offset", () => {
  const runs = new Runs();
  const bytes = new Uint8Array(20);
  new DataView(bytes.buffer).setFloat64(3, 7, true);
  new DataView(bytes.buffer).setFloat32(13, 0.5, true);
  runs.append(frame(1, { count: 1 }), [new DataView(bytes.buffer, 3, 8), new DataView(bytes.buffer, 13, 4)]);
  expect([...runs.tables.batch.x()]).toEqual([7]);
  expect([...runs.tables.batch.y("loss")]).toEqual([0.5]);
});

test("a reset replaces one level and leaves the other", () => {
  const runs = new Runs();
  runs.append(frame(1), points([1, 2], [3, 4]));
  runs.append(frame(2, { level: "epoch", count: 1 }), points([1], [9]));
  runs.append(frame(3, { reset: true }), points([1], [8]));
  expect([...runs.tables.batch.y("loss")]).toEqual([8]);
  expect([...runs.tables.epoch.y("loss")]).toEqual([9]);
});

test("a lost frame is noticed, a reset is none", () => {
  const runs = new Runs();
  expect(runs.append(frame(1), points([1], [1]))).toBe(true);
  expect(runs.append(frame(3), points([3], [1]))).toBe(false);
  expect(runs.append(frame(9, { reset: true }), points([1], [1]))).toBe(true);
});

test("another run begins with empty tables, and markers are kept once", () => {
  const runs = new Runs();
  runs.append(frame(1), points([1], [1]));
  const marker = { type: "marker", run: "r", step: 1, epoch: 1, kind: "pause", text: "Paused" } as const;
  runs.mark(marker);
  runs.mark(marker);
  expect(runs.markers).toHaveLength(1);
  runs.append(frame(1, { run: "s" }), points([1], [2]));
  expect([...runs.tables.batch.y("loss")]).toEqual([2]);
  expect(runs.markers).toEqual([]);
});

test("readers are told of every frame until they leave", () => {
  const runs = new Runs();
  let told = 0;
  const leave = runs.subscribe(() => {
    told += 1;
  });
  runs.append(frame(1), points([1], [1]));
  leave();
  runs.append(frame(2), points([2], [1]));
  expect(told).toBe(1);
});

test("smoothing starts without a bias to zero", () => {
  expect([...smoothed([4, 4, 4], 0.9)].map((value) => Number(value.toFixed(9)))).toEqual([4, 4, 4]);
});

test("no smoothing leaves the values, and gaps stay gaps", () => {
  expect([...smoothed([1, Number.NaN, 3], 0)]).toEqual([1, Number.NaN, 3]);
  expect(smoothed([1, Number.NaN, 1], 0.5)[2]).toBeCloseTo(1);
});

test("on a log axis the mean is geometric", () => {
  expect(smoothed([1, 100], 0.5, true)[1]).toBeCloseTo(10 ** (2 / 1.5 / 1));
});

test("thinning keeps spikes and order and stays within its limit", () => {
  const x = Float64Array.from({ length: 10_000 }, (_, index) => index);
  const y = Float32Array.from(x, (value) => (value === 4321 ? 100 : 1));
  const thin = thinned(x, y, 500);
  expect(thin.x.length).toBeLessThanOrEqual(502);
  expect(Math.max(...thin.y)).toBe(100);
  expect(thin.x).toEqual([...thin.x].sort((a, b) => a - b));
});

test("few points are not thinned, gaps are left out", () => {
  expect(thinned([1, 2, 3], [5, Number.NaN, 7], 10)).toEqual({ x: [1, 3], y: [5, 7] });
});

test("metrics are grouped with their validation, the loss first", () => {
  const batch = new Table();
  const epoch = new Table();
  batch.append(
    Float64Array.of(1),
    new Map([
      ["accuracy", Float32Array.of(1)],
      ["loss", Float32Array.of(1)],
    ]),
  );
  epoch.append(
    Float64Array.of(1),
    new Map([
      ["val_loss", Float32Array.of(1)],
      ["val_accuracy", Float32Array.of(1)],
      ["learning_rate", Float32Array.of(1)],
    ]),
  );
  expect(families({ batch, epoch })).toEqual(["loss", "accuracy"]);
});

test.each([
  ["accuracy", true],
  ["sparse_categorical_accuracy", true],
  ["auc", true],
  ["loss", false],
  ["mean_absolute_error", false],
  ["perplexity", false],
])("more %s is better: %s", (name, more) => {
  expect(moreIsBetter(name)).toBe(more);
});

test("the best is the least or the greatest, gaps aside", () => {
  expect(bestOf([1, 2, 3], [5, Number.NaN, 4], false)).toEqual({ x: 3, y: 4 });
  expect(bestOf([1, 2], [0.5, 0.4], true)).toEqual({ x: 1, y: 0.5 });
  expect(bestOf([], [], true)).toBeNull();
});

test("over epochs a batch is a part of one, over batches an epoch is many", () => {
  const runs = new Runs();
  runs.append(frame(1), points([5, 10], [2, 1]));
  runs.append(frame(2, { level: "epoch", names: ["loss", "val_loss"], count: 1 }), points([1], [1.5], [1.25]));
  const look = { smoothing: 0, logarithmic: false };
  const over = (x: "epochs" | "batches") => curvesOf("loss", runs.tables, [], 10, { ...look, x });
  expect(over("epochs").curves.map(({ name, points: { x } }) => [name, x])).toEqual([
    ["batch", [0.5, 1]],
    ["train", [1]],
    ["validation", [1]],
  ]);
  expect(over("batches").curves.map(({ points: { x } }) => x)).toEqual([[5, 10], [10], [10]]);
  expect(over("epochs").best).toEqual({ x: 1, y: 1.25 });
});

test("curves are laid over one x with gaps", () => {
  const curve = (name: "train" | "validation", x: number[], y: number[]) => ({ name, points: { x, y } });
  expect(aligned([curve("train", [1, 3], [5, 6]), curve("validation", [2], [7])])).toEqual({
    x: [1, 2, 3],
    ys: [
      [5, null, 6],
      [null, 7, null],
    ],
  });
});

test("the crosshair reads the last point at or before it", () => {
  const curve = { name: "train" as const, points: { x: [1, 2, 3], y: [5, 6, 7] } };
  expect(valueAt(curve, 2.5)).toBe(6);
  expect(valueAt(curve, 0)).toBeNull();
  expect(valueAt(curve, 9)).toBe(7);
});
