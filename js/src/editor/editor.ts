import { failureOf } from "../bridge/request";
import type { Session } from "../bridge/session";
import { Store } from "../bridge/store";
import type { Direction, Json, LayerSpec, Patch, Position, Tensor } from "../contract";
import { copied, fromText, pasted, toText } from "../graph/clipboard";
import { judge, type Kinds } from "../graph/connect";
import { downstream, type Graph, ordered, sinksOf, titleOf, upstream, type Wire, wiresOf } from "../graph/document";
import * as edits from "../graph/edits";
import { arrange } from "../graph/layout";
import { type Arrow, following, neighbour } from "../graph/navigate";
import { TEXT } from "../ui/text";
import { FRESH, type Page, type QuickAdd } from "./page";

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

/** The commands of the editor, whichever way they are given: mouse, keys, forms, palette. */
export class Editor {
  readonly page = new Store<Page>(FRESH);
  viewport: Viewport = NOWHERE;
  focusCanvas: () => void = () => {};
  canvasSize: () => DOMRect | null = () => null;
  private refusalTimer: ReturnType<typeof setTimeout> | undefined;
  private wanted: string | null = null;
  private clip = "";
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

  private change(patch: Patch): void {
    this.session.change(patch);
    this.say(patch.label);
  }

  // Adding

  /** The call that an appended layer follows: the selected one, else the only sink. */
  appendsTo(): string | null {
    const [only, more] = this.selection;
    if (only && more === undefined && this.graph.calls.has(only)) return only;
    const sinks = sinksOf(this.graph);
    return sinks.length > 0 ? (sinks.at(-1) as string) : null;
  }

  add(layers: edits.NewLayer[], where: edits.Where): string[] {
    const { patch, ids } = edits.add(this.graph, this.kinds, layers, where, this.direction);
    this.change(patch);
    this.select(ids.slice(-1));
    return ids;
  }

  append(kind: string): void {
    const takesInput = this.kinds.get(kind)?.inputs.max !== 0;
    const [id] = this.add([{ kind }], { after: takesInput ? this.appendsTo() : null });
    if (id) this.viewport.show(id);
    if (this.kinds.get(kind)?.form.some((field) => field.required)) this.editFields();
  }

  merge(kind: string, sources: string[]): void {
    const { patch, ids } = edits.merge(this.graph, kind, sources, this.direction);
    this.change(patch);
    this.select(ids);
  }

  openQuickAdd(quickAdd: QuickAdd = {}): void {
    this.page.set({ quickAdd, ghosts: [] });
  }

  closeQuickAdd(): void {
    this.page.set({ quickAdd: null, ghosts: [] });
    if (this.page.get().focused) this.focus(this.page.get().focused);
  }

  insertOnWire(wire = this.page.get().wire): void {
    const found = wiresOf(this.graph).find((other) => other.id === wire);
    if (found) this.openQuickAdd({ on: found });
    else this.openQuickAdd();
  }

  // Wiring

  verdict(source: string, target: string): string | null {
    const verdict = judge(this.graph, this.kinds, source, target);
    return verdict.ok ? null : TEXT.refusal[verdict.reason];
  }

  connect(source: Tensor, target: string, slot?: number): boolean {
    const reason = this.verdict(source[0], target);
    if (reason) {
      this.refuse(reason);
      return false;
    }
    this.change(edits.connect(this.graph, this.kinds, source, target, slot));
    return true;
  }

  rewire(wire: Wire, source: Tensor, target: string): void {
    if (wire.target === target) {
      this.connect(source, target, wire.slot);
      return;
    }
    const reason = this.verdict(source[0], target);
    if (reason) {
      this.refuse(reason);
      return;
    }
    const cut = edits.disconnect(this.graph, [wire]);
    const join = edits.connect(this.graph, this.kinds, source, target);
    this.change({ set: { calls: { ...cut.set.calls, ...join.set.calls } }, label: join.label });
  }

  disconnect(wires: Wire[]): void {
    if (wires.length > 0) this.change(edits.disconnect(this.graph, wires));
    this.page.set({ wire: null });
  }

  startConnecting(): void {
    const source = this.page.get().focused ?? this.selection.at(-1);
    if (source) this.page.set({ connecting: source });
    else this.refuse(TEXT.say.connectFrom);
  }

  // Changing

  setArg(calls: readonly string[], name: string, value: Json | undefined): void {
    this.session.change(edits.setArg(this.graph, [...calls], name, value));
  }

  rename(call: string, name: string): void {
    this.session.change(edits.rename(this.graph, call, name));
  }

  move(moves: ReadonlyMap<string, Position>, label?: string, coalesce?: string): void {
    const changed = new Map(
      [...moves].filter(([id, [x, y]]) => {
        const at = this.graph.positions.get(id);
        return !at || at[0] !== x || at[1] !== y;
      }),
    );
    if (changed.size > 0) this.session.change(edits.move(changed, label, coalesce));
  }

  nudge(x: number, y: number): void {
    const moves = new Map<string, Position>();
    for (const id of this.selection) {
      const at = this.graph.positions.get(id);
      if (at) moves.set(id, [at[0] + x, at[1] + y]);
    }
    this.move(moves, "Move", `nudge:${this.selection.join(",")}`);
  }

  arrange(): void {
    this.move(arrange(this.graph, this.direction, this.viewport.heights()), "Arrange");
    this.say(TEXT.say.arranged);
    setTimeout(() => this.viewport.fit(), 60);
  }

  turn(): void {
    const direction = this.direction === "down" ? "right" : "down";
    this.session.setTrait("direction", direction);
    this.move(arrange(this.graph, direction, new Map()), "Arrange");
    setTimeout(() => this.viewport.fit(), 60);
  }

  remove(heal: boolean): void {
    const { wire, selection, focused } = this.page.get();
    const cut = wiresOf(this.graph).filter((other) => other.id === wire);
    if (selection.length === 0) {
      this.disconnect(cut);
      return;
    }
    const gone = new Set(selection);
    const before = [...(this.graph.calls.get(selection[0] as string)?.inputs ?? [])].map(([id]) => id);
    this.change(edits.remove(this.graph, [...selection], heal));
    const next = before.find((id) => !gone.has(id)) ?? ordered(this.graph)[0] ?? null;
    this.select([]);
    if (focused && gone.has(focused)) this.focus(next);
  }

  undo(): void {
    this.say(TEXT.canvas.undo(this.session.trait("can_undo")));
    this.session.undo();
  }

  redo(): void {
    this.say(TEXT.canvas.redo(this.session.trait("can_redo")));
    this.session.redo();
  }

  // Copies

  copy(): string {
    this.clip = this.selection.length > 0 ? toText(copied(this.graph, [...this.selection])) : "";
    if (this.clip) this.say(TEXT.say.copied(this.selection.length));
    return this.clip;
  }

  paste(text: string, keepIncoming = false): void {
    const clip = fromText(text) ?? fromText(this.clip);
    if (clip) {
      const { patch, ids } = pasted(this.graph, this.kinds, clip, keepIncoming, this.direction);
      this.change(patch);
      this.select(ids);
      this.focus(ids[0] ?? null);
    } else if (text.trim()) {
      this.session.ask("paste", { text, after: this.appendsTo() }).then(
        ({ result }) => this.select(result.calls),
        (error: unknown) => this.refuse(failureOf(error).message),
      );
    } else this.refuse(TEXT.say.nothingToPaste);
  }

  duplicate(): void {
    if (this.selection.length === 0) return;
    const { patch, ids } = pasted(
      this.graph,
      this.kinds,
      copied(this.graph, [...this.selection]),
      false,
      this.direction,
    );
    this.change({ ...patch, label: patch.label.replace("Paste", "Duplicate") });
    this.select(ids);
  }

  share(): void {
    const [id] = this.selection;
    if (!id) return;
    const { patch, ids } = edits.share(this.graph, id, this.direction);
    this.change(patch);
    this.select(ids);
  }

  // Selecting and looking

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

  runOrResume(): void {
    const state = this.session.trait("state");
    this.command(state === "paused" || state === "pausing" ? "resume" : "run");
  }

  /** A command to the kernel whose refusal is shown. */
  command(method: "run" | "pause" | "resume" | "step" | "step_epoch"): void {
    this.session.ask(method, {}).catch((error: unknown) => this.refuse(failureOf(error).message));
  }

  stop(how: "now" | "epoch" | "best"): void {
    this.session.ask("stop", { how }).catch((error: unknown) => this.refuse(failureOf(error).message));
  }
}
