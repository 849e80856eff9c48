import { failureOf } from "../bridge/request";
import type { Session } from "../bridge/session";
import { Store } from "../bridge/store";
import type { Direction, LayerSpec } from "../contract";
import type { Kinds } from "../graph/connect";
import { downstream, type Graph, layerOf, titleOf, upstream } from "../graph/document";
import { type Arrow, following, neighbour } from "../graph/navigate";
import { TEXT } from "../ui/text";
import { FRESH, type Page } from "./page";

/** What the canvas lends to the commands. */
export interface Viewport {
  fit(ids?: readonly string[]): void;
  /** Fit all again after the canvas has changed its size, unless the person has moved the view. */
  refit(): void;
  show(id: string): void;
  zoom(factor: number | "reset"): void;
  heights(): ReadonlyMap<string, number>;
}

const NOWHERE: Viewport = { fit() {}, refit() {}, show() {}, zoom() {}, heights: () => new Map() };

/** What is seen, selected, focused and said; nothing here changes the graph. */
export class Looking {
  readonly page = new Store<Page>(FRESH);
  viewport: Viewport = NOWHERE;
  focusCanvas: () => void = () => {};
  canvasSize: () => DOMRect | null = () => null;
  private refusalTimer: ReturnType<typeof setTimeout> | undefined;
  private wanted: string | null = null;
  private kindsOf: { layers: LayerSpec[]; kinds: Kinds } = { layers: [], kinds: new Map() };

  constructor(readonly session: Session) {}

  get graph(): Graph {
    return this.session.shared.get().graph;
  }

  get kinds(): Kinds {
    const { layers } = this.session.trait("catalog");
    if (this.kindsOf.layers !== layers) {
      this.kindsOf = { layers, kinds: new Map(layers.map((spec) => [spec.kind, spec])) };
    }
    return this.kindsOf.kinds;
  }

  kindOf(call: string): string {
    return layerOf(this.graph, call)?.kind ?? "";
  }

  get direction(): Direction {
    return this.session.trait("direction");
  }

  get selection(): readonly string[] {
    return this.page.get().selection;
  }

  say(text: string): void {
    const again = this.page.get().announcement === text;
    this.page.set({ announcement: again ? `${text}\u00a0` : text });
  }

  /** Say why something is not done, and show it for a while. */
  refuse(text: string): void {
    this.say(text);
    this.page.set({ refusal: text });
    clearTimeout(this.refusalTimer);
    this.refusalTimer = setTimeout(() => this.page.set({ refusal: null }), 3500);
  }

  /** Show why the kernel has refused, in its four parts. */
  fail(error: unknown): void {
    const failure = failureOf(error);
    if (failure.expected || failure.got || failure.hint) this.session.shared.set({ refused: failure });
    else this.refuse(failure.message);
  }

  // Selecting

  select(ids: readonly string[], wire: string | null = null): void {
    const { selection } = this.page.get();
    const same = ids.length === selection.length && ids.every((id, index) => id === selection[index]);
    this.page.set({ selection: same ? selection : ids, wire, focused: ids.at(-1) ?? this.page.get().focused });
    if (!same) this.session.setTrait("selection", [...ids]);
  }

  /** The kernel's selection, where it is another than the page's. */
  adopt(ids: readonly string[]): void {
    if (String(ids) !== String(this.selection)) this.select(ids);
  }

  selectAll(): void {
    this.select([...this.graph.calls.keys()]);
    this.say(TEXT.say.selected(this.selection.length));
  }

  invert(): void {
    const chosen = new Set(this.selection);
    this.select([...this.graph.calls.keys()].filter((id) => !chosen.has(id)));
  }

  selectRelated(which: "upstream" | "downstream"): void {
    const related = which === "upstream" ? upstream : downstream;
    const found = this.selection.flatMap((id) => [id, ...related(this.graph, id)]);
    this.select([...new Set(found)]);
  }

  /** Put the keyboard's focus on a node and bring it into view. */
  focus(id: string | null): void {
    const { focusRequest } = this.page.get();
    this.wanted = id;
    this.page.set({ focused: id, focusRequest: focusRequest + 1 });
    if (id === null || !this.graph.calls.has(id)) this.focusCanvas();
  }

  /** Whether this node is to take the keyboard's focus now; each request is met once, also by a node drawn later. */
  takesFocus(id: string): boolean {
    if (this.wanted !== id) return false;
    this.wanted = null;
    return true;
  }

  visit(id: string): void {
    this.select([id]);
    this.viewport.show(id);
    this.focus(id);
  }

  walk(arrow: Arrow): void {
    const from = this.page.get().focused;
    const next =
      from && this.graph.calls.has(from)
        ? neighbour(this.graph, from, arrow, this.direction)
        : following(this.graph, null, false);
    if (next) this.visit(next);
  }

  /** False past the ends, where the focus leaves the canvas. */
  tab(backwards: boolean): boolean {
    const next = following(this.graph, this.page.get().focused, backwards);
    if (next) this.visit(next);
    return next !== null;
  }

  editFields(): void {
    this.wanted = null;
    this.session.setTrait("panel", "parameters");
    this.page.set({ fieldRequest: this.page.get().fieldRequest + 1 });
  }

  nextProblem(backwards: boolean): void {
    const problems = this.session.shared
      .get()
      .problems.filter((problem) => problem.call && this.graph.calls.has(problem.call));
    if (problems.length === 0) {
      this.refuse(TEXT.say.noErrors);
      return;
    }
    const here = problems.findIndex((problem) => problem.call === this.page.get().focused);
    const next = problems[(here + (backwards ? -1 : 1) + problems.length) % problems.length];
    if (!next?.call) return;
    this.visit(next.call);
    this.say(`${titleOf(this.graph, next.call)}: ${next.message}`);
  }
}
