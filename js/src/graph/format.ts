// Numbers and shapes as people read them.

import type { Json, Shape } from "../contract";

/** 28x28x64 without the batch; unknown sizes as "?". */
export function shapeChip(shape: Shape): string {
  const rest = shape.slice(1);
  return rest.length === 0 ? "1" : rest.map((size) => size ?? "?").join("×");
}

export function shapeTuple(shape: Shape): string {
  const inner = shape.map((size) => size ?? "None").join(", ");
  return shape.length === 1 ? `(${inner},)` : `(${inner})`;
}

export function shapeWords(shape: Shape): string {
  return shape
    .slice(1)
    .map((size) => size ?? "any")
    .join(" by ");
}

export function valuesIn(shape: Shape): number | null {
  return shape
    .slice(1)
    .reduce<number | null>((product, size) => (product === null || size === null ? null : product * size), 1);
}

const UNITS: [number, string][] = [
  [1e12, "T"],
  [1e9, "G"],
  [1e6, "M"],
  [1e3, "k"],
];

/** 320, 18.5k, 1.2M. */
export function count(value: number): string {
  for (const [size, unit] of UNITS) {
    if (Math.abs(value) >= size) return `${trimmed(value / size)}${unit}`;
  }
  return String(value);
}

function trimmed(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(1).replace(/\.0$/, "");
}

/** 18 496, with a thin space. */
export function grouped(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+(?!\d))/g, "\u2009");
}

export function bytes(value: number): string {
  if (value >= 1e9) return `${trimmed(value / 1e9)} GB`;
  if (value >= 1e6) return `${trimmed(value / 1e6)} MB`;
  if (value >= 1e3) return `${trimmed(value / 1e3)} kB`;
  return `${Math.round(value)} B`;
}

/** 1:42 or 1:02:03. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const tail = `${String(rest).padStart(2, "0")}`;
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${tail}` : `${minutes}:${tail}`;
}

/** Four significant digits, as short as they can be. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e5))
    return value
      .toExponential(2)
      .replace("e+", "e")
      .replace(/\.?0+e/, "e");
  return Number(value.toPrecision(4)).toString();
}

function isRecord(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An argument in a few letters: 3x3, relu, HeNormal, on; `between` stands between the parts of a list. */
export function brief(value: Json | undefined, between = "×"): string {
  if (value === null || value === undefined) return "none";
  if (typeof value === "number") return figure(value);
  if (typeof value === "boolean") return value ? "on" : "off";
  if (Array.isArray(value)) return value.map((part) => brief(part)).join(between);
  if (isRecord(value)) return String(value.class_name ?? value.name ?? "…");
  return value;
}
