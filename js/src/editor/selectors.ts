import type { Shared } from "../bridge/session";
import type { CallAnalysis, CallData, LayerData, Problem } from "../contract";
import { type Graph, sinksOf, titleOf } from "../graph/document";
import type { Page } from "./page";

const SINKS = new WeakMap<Graph, Set<string>>();

function sinkSet(graph: Graph): Set<string> {
  const known = SINKS.get(graph) ?? new Set(sinksOf(graph));
  SINKS.set(graph, known);
  return known;
}

export const graphOf = (state: Shared) => state.graph;
export const problemsOf = (state: Shared) => state.problems;
export const totalsOf = (state: Shared) => state.totals;
export const callsOf = (state: Shared) => state.calls;
export const arrivalsOf = (state: Shared) => state.arrivals;
export const refusedOf = (state: Shared) => state.refused;
export const readyOf = (state: Shared) => state.ready;
export const pendingOf = (state: Shared) => state.analysed < state.revision;

export const callOf = (state: Shared, id: string): CallData | undefined => state.graph.calls.get(id);
export const layerOfCall = (state: Shared, id: string): LayerData | undefined =>
  state.graph.layers.get(state.graph.calls.get(id)?.layer ?? "");
export const analysisOf = (state: Shared, id: string): CallAnalysis | undefined => state.calls.get(id);

export const titleIn = (state: Shared, id: string): string => titleOf(state.graph, id);

export const isSinkOf = (state: Shared, id: string): boolean => sinkSet(state.graph).has(id);

export const selectionOf = (page: Page) => page.selection;
export const wireOf = (page: Page) => page.wire;
export const quickAddOf = (page: Page) => page.quickAdd;
export const ghostsOf = (page: Page) => page.ghosts;
export const connectingOf = (page: Page) => page.connecting;
export const findingOf = (page: Page) => page.finding;
export const sheetOf = (page: Page) => page.sheet;
export const paletteOf = (page: Page) => page.palette;
export const announcementOf = (page: Page) => page.announcement;
export const refusalOf = (page: Page) => page.refusal;
export const fieldRequestOf = (page: Page) => page.fieldRequest;
export const hotWireOf = (page: Page) => page.hotWire;
export const focusRequestOf = (page: Page) => page.focusRequest;
export const focusedOf = (page: Page) => page.focused;
export const isFocused = (page: Page, id: string) => page.focused === id;
export const isBlamed = (page: Page, id: string) => page.blamed.includes(id);
export const isHot = (page: Page, id: string) => page.hotCall === id;
export const isHotWire = (page: Page, id: string) => page.hotWire === id;

const ORDER = { error: 0, warning: 1, hint: 2 };

export function sorted(problems: readonly Problem[]): Problem[] {
  return [...problems].sort((a, b) => ORDER[a.severity] - ORDER[b.severity]);
}
