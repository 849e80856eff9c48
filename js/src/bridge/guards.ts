import type { KernelMessage } from "../contract";

const TYPES = new Set(["document", "patch", "analysis", "series", "marker", "response"]);

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What comes from the kernel is unknown until this has looked at it. */
export function isKernelMessage(value: unknown): value is KernelMessage {
  return isRecord(value) && typeof value.type === "string" && TYPES.has(value.type);
}

/** Typed reading of answers: the named field if it has the type of `fallback`, else `fallback`. */
export function field<T>(value: unknown, name: string, fallback: T): T {
  if (!isRecord(value)) return fallback;
  const found = value[name];
  if (found === undefined || found === null) return fallback;
  if (Array.isArray(fallback) !== Array.isArray(found)) return fallback;
  if (fallback !== null && typeof found !== typeof fallback) return fallback;
  return found as T;
}
