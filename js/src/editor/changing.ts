import type { Json, Patch, Position, Tensor } from "../contract";
import { judge, misfit } from "../graph/connect";
import { ordered, type Wire, wiresOf } from "../graph/document";
import * as edits from "../graph/edits";
import { arrange } from "../graph/layout";
import { TEXT } from "../ui/text";
import { Looking } from "./looking";

/** Wires, arguments, places, and what is deleted: changes of what is there. */
export class Changing extends Looking {
  protected change(patch: Patch): void {
    this.session.change(patch);
    this.say(patch.label);
  }

  // Wiring

  verdict(source: string, target: string): string | null {
    const verdict = judge(this.graph, this.kinds, source, target);
    return verdict.ok ? null : TEXT.refusal[verdict.reason];
  }

  /** Why an output is of the wrong rank for a layer; such a wire may be drawn, and is marked then. */
  misfit([source, output]: Tensor, target: string): string | null {
    const shape = this.session.shared.get().calls.get(source)?.shapes?.[output];
    const found = misfit(this.graph, this.kinds, shape, target);
    return found && TEXT.refusal.rank(TEXT.ranks[found.needed] ?? `rank ${found.needed}`, found.got);
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
}
