// Curves as typed arrays: appending, thinning to what a screen shows, smoothing. No React, no drawing.

import type { MarkerMessage, SeriesMessage } from "../contract";

export type Level = SeriesMessage["level"];
export type Marker = Pick<MarkerMessage, "step" | "epoch" | "kind" | "text">;

/** Columns of numbers over a common x, growing by appended frames. */
export class Table {
  length = 0;
  private xs = new Float64Array(1024);
  private readonly columns = new Map<string, Float32Array>();

  get names(): string[] {
    return [...this.columns.keys()];
  }

  x(): Float64Array {
    return this.xs.subarray(0, this.length);
  }

  y(name: string): Float32Array {
    return this.columns.get(name)?.subarray(0, this.length) ?? new Float32Array(0);
  }

  append(x: Float64Array, columns: Map<string, Float32Array>): void {
    const length = this.length + x.length;
    this.reserve(length);
    for (const name of columns.keys()) {
      if (!this.columns.has(name)) this.columns.set(name, new Float32Array(this.xs.length).fill(Number.NaN));
    }
    this.xs.set(x, this.length);
    for (const [name, column] of this.columns) {
      const values = columns.get(name);
      if (values) column.set(values.subarray(0, x.length), this.length);
    }
    this.length = length;
  }

  private reserve(length: number): void {
    if (length <= this.xs.length) return;
    let size = this.xs.length;
    while (size < length) size *= 2;
    const xs = new Float64Array(size);
    xs.set(this.xs);
    this.xs = xs;
    for (const [name, old] of this.columns) {
      const grown = new Float32Array(size).fill(Number.NaN);
      grown.set(old);
      this.columns.set(name, grown);
    }
  }
}

function copyOf(view: DataView): ArrayBuffer {
  return new Uint8Array(view.buffer as ArrayBuffer, view.byteOffset, view.byteLength).slice().buffer as ArrayBuffer;
}

export function float64(view: DataView): Float64Array {
  return new Float64Array(copyOf(view));
}

export function float32(view: DataView): Float32Array {
  return new Float32Array(copyOf(view));
}

/** The curves of the current run, filled by frames; readers are told at most once a frame of the screen. */
export class Runs {
  run: string | null = null;
  version = 0;
  private sequence: number | null = null;
  tables: Record<Level, Table> = { batch: new Table(), epoch: new Table() };
  markers: Marker[] = [];
  private readonly readers = new Set<() => void>();

  readonly subscribe = (reader: () => void): (() => void) => {
    this.readers.add(reader);
    return () => this.readers.delete(reader);
  };

  /** Take a frame; false where one before it was lost. */
  append(message: SeriesMessage, buffers: DataView[]): boolean {
    this.turnTo(message.run);
    const lost = !message.reset && this.sequence !== null && message.sequence > this.sequence + 1;
    this.sequence = message.sequence;
    if (message.reset) this.tables = { ...this.tables, [message.level]: new Table() };
    const [first, ...rest] = buffers;
    if (first) {
      const columns = new Map(message.names.flatMap((name, i) => (rest[i] ? [[name, float32(rest[i])] as const] : [])));
      this.tables[message.level].append(float64(first), columns);
    }
    this.tell();
    return !lost;
  }

  mark(message: MarkerMessage): void {
    this.turnTo(message.run);
    const { step, epoch, kind, text } = message;
    const known = this.markers.some((other) => other.step === step && other.kind === kind && other.text === text);
    if (!known) this.markers = [...this.markers, { step, epoch, kind, text }];
    this.tell();
  }

  private turnTo(run: string): void {
    if (this.run === run) return;
    this.run = run;
    this.sequence = null;
    this.tables = { batch: new Table(), epoch: new Table() };
    this.markers = [];
  }

  private tell(): void {
    this.version += 1;
    for (const reader of [...this.readers]) reader();
  }
}

/** Exponential moving average without the bias of its start; gaps are passed over. In log space for log axes. */
export function smoothed(values: ArrayLike<number>, weight: number, logarithmic = false): Float64Array {
  const result = new Float64Array(values.length);
  let mean = 0;
  let mass = 0;
  for (let i = 0; i < values.length; i += 1) {
    const raw = values[i] as number;
    const value = logarithmic ? Math.log(raw) : raw;
    if (!Number.isFinite(value)) {
      result[i] = Number.NaN;
      continue;
    }
    mean = weight * mean + (1 - weight) * value;
    mass = weight * mass + (1 - weight);
    result[i] = logarithmic ? Math.exp(mean / mass) : mean / mass;
  }
  return result;
}

export interface Points {
  x: number[];
  y: number[];
}

/** At most about `limit` points that keep the least and the greatest of every stretch, so that no spike is lost. */
export function thinned(x: ArrayLike<number>, y: ArrayLike<number>, limit: number): Points {
  const found: Points = { x: [], y: [] };
  const put = (index: number) => {
    found.x.push(x[index] as number);
    found.y.push(y[index] as number);
  };
  const buckets = Math.max(1, Math.floor(limit / 2));
  const width = Math.max(1, x.length / buckets);
  if (x.length <= limit) {
    for (let index = 0; index < x.length; index += 1) if (Number.isFinite(y[index])) put(index);
    return found;
  }
  for (let start = 0; start < x.length; start += width) {
    let least = -1;
    let greatest = -1;
    for (let index = Math.floor(start); index < Math.min(x.length, Math.floor(start + width)); index += 1) {
      const value = y[index] as number;
      if (!Number.isFinite(value)) continue;
      if (least < 0 || value < (y[least] as number)) least = index;
      if (greatest < 0 || value > (y[greatest] as number)) greatest = index;
    }
    if (least < 0) continue;
    put(Math.min(least, greatest));
    if (least !== greatest) put(Math.max(least, greatest));
  }
  return found;
}

/** Metric names without `val_`, the loss first. */
export function families(tables: Record<Level, Table>): string[] {
  const names = [...tables.epoch.names, ...tables.batch.names].map((name) => name.replace(/^val_/, ""));
  const unique = [...new Set(names)].filter((name) => name !== "learning_rate" && name !== "lr");
  return unique.sort((a, b) => Number(b === "loss") - Number(a === "loss"));
}

/** Are larger values of this metric better? */
export function moreIsBetter(name: string): boolean {
  return /acc|auc|precision|recall|f1|iou|r2|cosine|score/i.test(name) && !/loss|error/i.test(name);
}

export function bestOf(x: ArrayLike<number>, y: ArrayLike<number>, more: boolean): { x: number; y: number } | null {
  let best = -1;
  for (let index = 0; index < y.length; index += 1) {
    const value = y[index] as number;
    if (!Number.isFinite(value)) continue;
    if (best < 0 || (more ? value > (y[best] as number) : value < (y[best] as number))) best = index;
  }
  return best < 0 ? null : { x: x[best] as number, y: y[best] as number };
}
