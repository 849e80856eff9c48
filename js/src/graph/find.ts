// Finding calls by name, kind, shape, size and type.

import type { CallAnalysis } from "../contract";
import { type Graph, layerOf, ordered, titleOf } from "./document";
import { shapeChip } from "./format";
import { isSubsequence } from "./suggest";

export interface Found {
  id: string;
  title: string;
  kind: string;
  shape: string;
}

type Test = (found: Found, analysis: CallAnalysis | undefined) => boolean;

const NUMBERS = new Set(["params", "trainable", "macs"]);

function compared(name: string, sign: string, limit: number): Test {
  return (_found, analysis) => {
    const value = analysis?.[name as "params" | "trainable" | "macs"];
    if (value === undefined) return false;
    return sign === ">" ? value > limit : sign === "<" ? value < limit : value === limit;
  };
}

function testOf(word: string): Test {
  const [, name = "", sign = "", value = ""] = /^(\w+)([:<>=])(.+)$/.exec(word) ?? [];
  if (NUMBERS.has(name) && Number.isFinite(Number(value))) return compared(name, sign, Number(value));
  if (name === "shape") return ({ shape }) => shape.toLowerCase().includes(value.replaceAll(/[x*]/g, "×"));
  if (name === "dtype") return (_found, analysis) => analysis?.dtype?.includes(value) ?? false;
  if (name === "problem") return (_found, analysis) => (analysis?.problems.length ?? 0) > 0;
  return ({ title, kind }) =>
    `${title} ${kind}`.toLowerCase().includes(word) || isSubsequence(word, kind.toLowerCase());
}

/** The calls that every word fits, in the order of the graph; those that are named so come first. */
export function find(graph: Graph, calls: ReadonlyMap<string, CallAnalysis>, query: string): Found[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const tests = words.map(testOf);
  const found = ordered(graph).map((id): Found => {
    const shape = calls.get(id)?.shapes?.[0];
    return {
      id,
      title: titleOf(graph, id),
      kind: layerOf(graph, id)?.kind ?? "",
      shape: shape ? shapeChip(shape) : "",
    };
  });
  const named = (entry: Found) => words.some((word) => `${entry.title} ${entry.kind}`.toLowerCase().includes(word));
  return found
    .filter((entry) => tests.every((test) => test(entry, calls.get(entry.id))))
    .sort((a, b) => Number(named(b)) - Number(named(a)));
}
