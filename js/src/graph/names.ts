// Ids of new layers and calls, named as Keras names layers.

import type { Graph } from "./document";

export function snakeCase(kind: string): string {
  return kind
    .replace(/\W+/g, "")
    .replace(/(.)([A-Z][a-z]+)/g, "$1_$2")
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase();
}

export type Taken = { has(id: string): boolean };

export function newLayerId(kind: string, taken: Taken): string {
  const stem = snakeCase(kind) || "layer";
  if (!taken.has(stem)) return stem;
  let number = 1;
  while (taken.has(`${stem}_${number}`)) number += 1;
  return `${stem}_${number}`;
}

export function newCallId(layer: string, taken: Taken): string {
  if (!taken.has(layer)) return layer;
  let number = 2;
  while (taken.has(`${layer}#${number}`)) number += 1;
  return `${layer}#${number}`;
}

export function takenIn(graph: Graph, more: Iterable<string> = []): Set<string> {
  const names = [...graph.layers.values()].flatMap((layer) => (layer.name ? [layer.name] : []));
  return new Set([...graph.layers.keys(), ...graph.calls.keys(), ...names, ...more]);
}
