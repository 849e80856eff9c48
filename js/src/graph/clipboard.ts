// Copied parts of a graph as text, and back.

import type { CallData, Direction, LayerData, Patch, Position, Tensor } from "../contract";
import type { Kinds } from "./connect";
import type { Graph } from "./document";
import type { Added } from "./edits";
import { overlaps, rectAt, snapped } from "./geometry";
import { newCallId, newLayerId, takenIn } from "./names";
import { step } from "./place";

export interface Clip {
  kerasviz: 1;
  layers: LayerData[];
  calls: CallData[];
  positions: Record<string, Position>;
}

export function copied(graph: Graph, ids: string[]): Clip {
  const calls = ids.flatMap((id) => graph.calls.get(id) ?? []);
  const layers = [...new Set(calls.map((call) => call.layer))].flatMap((id) => graph.layers.get(id) ?? []);
  const positions = Object.fromEntries(calls.map((call) => [call.id, graph.positions.get(call.id) ?? [0, 0]]));
  return { kerasviz: 1, layers, calls, positions: positions as Record<string, Position> };
}

export function toText(clip: Clip): string {
  return JSON.stringify(clip, null, 1);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The clip in a text, or null if it holds none. */
export function fromText(text: string): Clip | null {
  try {
    const value: unknown = JSON.parse(text);
    if (!isRecord(value) || value.kerasviz !== 1) return null;
    if (!Array.isArray(value.layers) || !Array.isArray(value.calls) || !isRecord(value.positions)) return null;
    return value as unknown as Clip;
  } catch {
    return null;
  }
}

/** Paste with new ids: inner wires stay, outer ones only with `keepIncoming` where their source is still there. */
export function pasted(graph: Graph, kinds: Kinds, clip: Clip, keepIncoming: boolean, direction: Direction): Added {
  const taken = takenIn(graph);
  const layerIds = new Map<string, string>();
  const callIds = new Map<string, string>();
  const layers: Record<string, LayerData> = {};
  for (const layer of clip.layers) {
    const id = newLayerId(layer.kind, taken);
    taken.add(id);
    layerIds.set(layer.id, id);
    const { name, ...rest } = layer;
    layers[id] = name && !taken.has(name) ? { ...rest, id, name } : { ...rest, id };
  }
  const used = new Set(graph.calls.keys());
  for (const call of clip.calls) {
    const id = newCallId(layerIds.get(call.layer) ?? call.layer, used);
    used.add(id);
    callIds.set(call.id, id);
  }
  const shift = shiftFor(graph, clip, direction);
  const calls: Record<string, CallData> = {};
  const positions: Record<string, Position> = {};
  for (const call of clip.calls) {
    const id = callIds.get(call.id) as string;
    const inputs = call.inputs.flatMap(([source, output]): Tensor[] => {
      const inner = callIds.get(source);
      if (inner) return [[inner, output]];
      return keepIncoming && graph.calls.has(source) ? [[source, output]] : [];
    });
    calls[id] = { ...call, id, layer: layerIds.get(call.layer) ?? call.layer, inputs };
    const [x, y] = clip.positions[call.id] ?? [0, 0];
    positions[id] = snapped([x + shift[0], y + shift[1]]);
  }
  const heads = Object.values(calls).filter((call) => kinds.get(layers[call.layer]?.kind ?? "")?.inputs.max === 0);
  const set: Patch["set"] = { layers, calls, positions };
  if (heads.length > 0) set.inputs = [...graph.inputs, ...heads.map((call) => call.id)];
  const ids = Object.keys(calls);
  return { patch: { set, label: ids.length === 1 ? "Paste layer" : `Paste ${ids.length} layers` }, ids };
}

/** The least number of steps aside that bring the copies clear of everything there. */
function shiftFor(graph: Graph, clip: Clip, direction: Direction): Position {
  const there = [...graph.positions].filter(([id]) => graph.calls.has(id)).map(([, at]) => rectAt(at));
  const { aside } = step(direction);
  for (let steps = 0; steps < 60; steps += 1) {
    const shift: Position = [aside[0] * steps, aside[1] * steps];
    const clash = Object.values(clip.positions).some(([x, y]) =>
      there.some((rect) => overlaps(rectAt([x + shift[0], y + shift[1]]), rect, 16)),
    );
    if (!clash) return shift;
  }
  return [48, 48];
}
