import type {
  AnalysisChange,
  AnalysisMessage,
  CallAnalysis,
  DocumentMessage,
  Failure,
  PageMessage,
  Patch,
  PatchMessage,
  Problem,
  Requests,
  Totals,
  Traits,
} from "../contract";
import { apply, EMPTY, fromData, type Graph } from "../graph/document";
import { Runs } from "../training/series";
import type { Model } from "./context";
import { DEFAULTS } from "./defaults";
import { isKernelMessage } from "./guards";
import { type Answer, type Method, type Params, Questions } from "./request";
import { Store } from "./store";

export interface Shared {
  ready: boolean;
  graph: Graph;
  revision: number;
  /** The revision that the kernel has looked at. */
  analysed: number;
  calls: ReadonlyMap<string, CallAnalysis>;
  totals: Totals;
  problems: Problem[];
  /** Why the kernel did not do what it was asked, until it is read or the graph changes. */
  refused: Failure | null;
  /** Counts how often the kernel has added layers. */
  arrivals: number;
}

const NOTHING: Totals = { params: 0, trainable: 0, macs: 0, memory_bytes: 0 };

/** One widget's conversation with its kernel: the document, the questions, the numbers. Shared by all its views. */
export class Session {
  readonly shared = new Store<Shared>({
    ready: false,
    graph: EMPTY,
    revision: 0,
    analysed: -1,
    calls: new Map(),
    totals: NOTHING,
    problems: [],
    refused: null,
    arrivals: 0,
  });
  readonly runs = new Runs();
  private readonly questions: Questions;

  constructor(readonly model: Model) {
    this.questions = new Questions((message) => this.send(message));
    model.on("msg:custom", (content: unknown, buffers: DataView[]) => this.receive(content, buffers));
    this.send({ type: "hello" });
  }

  trait<K extends keyof Traits>(name: K): Traits[K] {
    return this.model.get(name) ?? DEFAULTS[name];
  }

  setTrait<K extends keyof Traits>(name: K, value: Traits[K]): void {
    this.model.set(name, value);
    this.model.save_changes();
  }

  onTrait(name: keyof Traits, changed: () => void): () => void {
    this.model.on(`change:${name}`, changed);
    return () => this.model.off(`change:${name}`, changed);
  }

  /** Change the graph here and now, and tell the kernel. */
  change(patch: Patch): void {
    const { graph, revision } = this.shared.get();
    this.shared.set({ graph: apply(graph, patch), revision: revision + 1, refused: null });
    this.send({ type: "patch", base: revision, patch });
  }

  undo(): void {
    this.send({ type: "undo" });
  }

  redo(): void {
    this.send({ type: "redo" });
  }

  ask<M extends Method>(method: M, params: Params<M>): Promise<Answer<Requests[M]["result"]>> {
    return this.questions.ask(method, params);
  }

  private send(message: PageMessage): void {
    this.model.send(message);
  }

  private receive(content: unknown, buffers: DataView[] = []): void {
    if (!isKernelMessage(content)) return;
    if (content.type === "response") this.questions.settle(content, buffers);
    else if (content.type === "series") {
      if (!this.runs.append(content, buffers)) this.send({ type: "hello" });
    } else if (content.type === "marker") this.runs.mark(content);
    else this.update(content);
  }

  private update(message: DocumentMessage | PatchMessage | AnalysisMessage): void {
    const { graph, revision, analysed } = this.shared.get();
    if (message.type === "document") {
      const fresh = fromData(message.document, message.positions);
      this.shared.set({ graph: fresh, revision: message.revision, ready: true, calls: new Map() });
      if (message.refused) this.shared.set({ refused: message.refused });
      this.welcome(graph, fresh);
      this.take(message.revision, message.analysis);
    } else if (message.type === "analysis") {
      if (message.revision >= analysed) this.take(message.revision, message.analysis);
    } else if (message.revision === revision + 1) {
      const next = apply(graph, message.patch);
      this.shared.set({ graph: next, revision: message.revision });
      if (message.origin !== "undo" && message.origin !== "redo") this.welcome(graph, next);
    } else if (message.revision > revision + 1) {
      this.send({ type: "hello" });
    }
  }

  private welcome(before: Graph, now: Graph): void {
    const { arrivals } = this.shared.get();
    if ([...now.calls.keys()].some((id) => !before.calls.has(id))) this.shared.set({ arrivals: arrivals + 1 });
  }

  private take(revision: number, analysis: AnalysisChange): void {
    const before = this.shared.get();
    const calls = new Map(before.calls);
    for (const [id, found] of Object.entries(analysis.calls)) {
      if (found) calls.set(id, found);
      else calls.delete(id);
    }
    this.shared.set({
      analysed: revision,
      calls,
      totals: analysis.totals ?? before.totals,
      problems: analysis.problems ?? before.problems,
    });
  }
}
