// What a chart of one metric shows, computed from the tables of a run.

import type { Best } from "../contract";
import { bestOf, type Level, type Marker, moreIsBetter, type Points, smoothed, type Table, thinned } from "./series";

export interface Look {
  smoothing: number;
  logarithmic: boolean;
  x: "epochs" | "batches";
}

export interface Curve {
  name: "batch" | "smooth" | "train" | "validation";
  points: Points;
}

/** Something that happened during the run. */
export interface Mark {
  x: number;
  text: string;
  kind: string;
}

export interface Curves {
  metric: string;
  curves: Curve[];
  best: { x: number; y: number } | null;
  marks: Mark[];
}

const SHOWN = 1500;

function scaled(x: ArrayLike<number>, factor: number): Float64Array {
  return Float64Array.from(x, (value) => value * factor);
}

/** Batches of one epoch: as told, else from where the epochs ended. */
export function batchesPerEpoch(tables: Record<Level, Table>, batches: number | null): number | null {
  if (batches) return batches;
  const epochs = tables.epoch.x();
  const steps = tables.batch.x();
  const last = epochs.at(-1);
  return last && steps.length > 0 ? (steps.at(-1) as number) / last : null;
}

/** Curves over epochs (a batch is a part of one) or over batches (an epoch is many). */
export function curvesOf(
  metric: string,
  tables: Record<Level, Table>,
  markers: Marker[],
  perEpoch: number | null,
  look: Look,
  told?: Best,
): Curves {
  const epochs = look.x === "epochs";
  const batchX = scaled(tables.batch.x(), epochs ? 1 / (perEpoch ?? 1) : 1);
  const epochX = scaled(tables.epoch.x(), epochs ? 1 : (perEpoch ?? 1));
  const raw = tables.batch.y(metric);
  const smooth = smoothed(raw, look.smoothing, look.logarithmic);
  const validation = tables.epoch.y(`val_${metric}`);
  const train = tables.epoch.y(metric);
  const curves: Curve[] = [
    { name: "batch", points: thinned(batchX, raw, SHOWN) },
    { name: "smooth", points: look.smoothing > 0 ? thinned(batchX, smooth, SHOWN) : { x: [], y: [] } },
    { name: "train", points: thinned(epochX, train, SHOWN) },
    { name: "validation", points: thinned(epochX, validation, SHOWN) },
  ];
  const judged = curves[3]?.points.x.length ? validation : train;
  const best = told
    ? { x: told.epoch * (epochs ? 1 : (perEpoch ?? 1)), y: told.value }
    : bestOf(epochX, judged, moreIsBetter(metric));
  const marks = markers.map(({ step, epoch, kind, text }) => ({
    x: epochs ? (perEpoch ? step / perEpoch : epoch) : step,
    text,
    kind,
  }));
  return { metric, curves: curves.filter((curve) => curve.points.x.length > 0), best, marks };
}

export interface Aligned {
  x: number[];
  ys: (number | null)[][];
}

/** All curves over one x, with gaps where a curve has no point. */
export function aligned(curves: Curve[]): Aligned {
  const x = [...new Set(curves.flatMap((curve) => curve.points.x))].sort((a, b) => a - b);
  const place = new Map(x.map((value, index) => [value, index]));
  const ys = curves.map((curve) => {
    const column: (number | null)[] = new Array(x.length).fill(null);
    curve.points.x.forEach((value, index) => {
      column[place.get(value) as number] = curve.points.y[index] as number;
    });
    return column;
  });
  return { x, ys };
}

/** The value of a curve at or before a place, for the crosshair. */
export function valueAt(curve: Curve, x: number): number | null {
  const { points } = curve;
  let low = 0;
  let high = points.x.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((points.x[middle] as number) <= x) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? null : (points.y[low - 1] as number);
}
