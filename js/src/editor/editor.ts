import { copied, fromText, pasted, toText } from "../graph/clipboard";
import { sinksOf, wiresOf } from "../graph/document";
import * as edits from "../graph/edits";
import { replace as replaced } from "../graph/replace";
import { TEXT } from "../ui/text";
import { Changing } from "./changing";
import type { QuickAdd } from "./page";

/** The commands of the editor, whichever way they are given: mouse, keys, forms, palette. */
export class Editor extends Changing {
  private clip = "";

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

  /** Another layer in the place of one, with its wires and what arguments they share. */
  replace(call: string, layer: edits.NewLayer): void {
    const { patch, ids } = replaced(this.graph, this.kinds, call, layer);
    this.select([]); // else the kernel takes the gone call out of the selection, and the new one with it
    this.change(patch);
    this.select(ids);
  }

  startReplacing(): void {
    const call = this.selection.at(-1) ?? this.page.get().focused;
    if (call && this.graph.calls.has(call)) this.openQuickAdd({ replace: call });
    else this.refuse(TEXT.say.replaceWhich);
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
        (error: unknown) => this.fail(error),
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

  // Training

  runOrResume(): void {
    const state = this.session.trait("state");
    this.command(state === "paused" || state === "pausing" ? "resume" : "run");
  }

  /** A command to the kernel whose refusal is shown. */
  command(method: "run" | "pause" | "resume" | "step" | "step_epoch"): void {
    this.session.ask(method, {}).catch((error: unknown) => this.fail(error));
  }

  stop(how: "now" | "epoch" | "best"): void {
    this.session.ask("stop", { how }).catch((error: unknown) => this.fail(error));
  }
}
