// A kernel for the harness: the document with undo, rough inference, and a training that only looks like one.

import type { AnyModel } from "@anywidget/types";

import { DEFAULTS } from "../src/bridge/defaults";
import type { CallbackStatus, Json, Patch, PreviewLayer, Traits } from "../src/contract";
import { apply, EMPTY, type Graph, inverse, ordered, titleOf, toData } from "../src/graph/document";
import * as edits from "../src/graph/edits";
import { CATALOG } from "./catalog";
import { analyse, read } from "./infer";

type Listener = (...values: never[]) => void;
const view = (array: Float64Array | Float32Array | Uint8Array) =>
  new DataView(array.buffer, array.byteOffset, array.byteLength);
const KINDS = new Map(CATALOG.layers.map((spec) => [spec.kind, spec]));

export class Kernel {
  graph: Graph = EMPTY;
  revision = 0;
  log: unknown[] = [];
  private past: { patch: Patch; inverse: Patch }[] = [];
  private future: Patch[] = [];
  private timer: ReturnType<typeof setInterval> | undefined;
  private step = 0;
  private frame = 0;
  private readonly started = performance.now();
  private readonly listeners = new Map<string, Set<Listener>>();
  readonly state: Traits = {
    ...DEFAULTS,
    catalog: CATALOG,
    height: 860,
    settings: {
      ...DEFAULTS.settings,
      loss: { kind: "SparseCategoricalCrossentropy", args: {} },
      metrics: [{ kind: "SparseCategoricalAccuracy", args: {} }],
      epochs: 8,
      batch_size: 64,
    },
    callbacks: CATALOG.callbacks.map((spec, index) => ({
      id: `c${index}`,
      kind: spec.kind,
      enabled: index === 0,
      args: (index === 0 ? { patience: 3 } : {}) as Record<string, Json>,
      status: (index === 0 ? { text: "best 0.0412 in epoch 5", waited: 1, patience: 3 } : {}) as CallbackStatus,
    })),
  };

  /** The model as anywidget hands it to a widget. */
  readonly model = {
    get: (name: string) => this.state[name as keyof Traits],
    set: (name: string, value: unknown) => this.set({ [name]: value } as Partial<Traits>),
    save_changes: () => {},
    on: (name: string, listener: Listener) =>
      this.listeners.set(name, (this.listeners.get(name) ?? new Set()).add(listener)),
    off: (name: string, listener: Listener) => this.listeners.get(name)?.delete(listener),
    send: (message: unknown) => setTimeout(() => this.receive(message as Record<string, Json>), 4),
  } as unknown as AnyModel<Traits>;

  set(traits: Partial<Traits>): void {
    Object.assign(this.state, traits);
    for (const name of Object.keys(traits)) this.fire(`change:${name}`);
  }

  private fire(name: string, ...values: unknown[]): void {
    for (const listener of this.listeners.get(name) ?? []) (listener as (...values: unknown[]) => void)(...values);
  }

  private send(message: unknown, buffers: DataView[] = []): void {
    this.fire("msg:custom", message, buffers);
  }

  private history(): void {
    this.set({
      can_undo: this.past.at(-1)?.patch.label ?? null,
      can_redo: this.future.at(-1)?.label ?? null,
      revision: this.revision,
    });
  }

  private take(patch: Patch, remember = true): Patch {
    const back = inverse(this.graph, patch);
    this.graph = apply(this.graph, patch);
    this.revision += 1;
    const last = this.past.at(-1);
    if (remember && patch.coalesce && last?.patch.coalesce === patch.coalesce) last.patch = patch;
    else if (remember) this.past.push({ patch, inverse: back });
    if (remember) this.future = [];
    this.history();
    return back;
  }

  private tell(): void {
    this.send({ type: "analysis", revision: this.revision, analysis: analyse(this.graph, this.revision) });
  }

  /** A change of the kernel's own. */
  push(patch: Patch, origin: string, remember = true): void {
    this.take(patch, remember);
    this.send({ type: "patch", revision: this.revision, patch, origin });
    this.tell();
  }

  private receive(message: Record<string, Json>): void {
    this.log.push(message);
    if (message.type === "hello")
      this.send({
        type: "document",
        revision: this.revision,
        document: toData(this.graph),
        positions: Object.fromEntries(this.graph.positions),
        analysis: analyse(this.graph, this.revision),
      });
    if (message.type === "patch") {
      this.take(message.patch as unknown as Patch);
      this.tell();
    }
    if (message.type === "undo") {
      const entry = this.past.pop();
      if (entry) {
        this.future.push(entry.patch);
        this.push(entry.inverse, "undo", false);
      }
    }
    if (message.type === "redo") {
      const patch = this.future.pop();
      if (patch) {
        const rest = this.future;
        const back = inverse(this.graph, patch);
        this.past.push({ patch, inverse: back });
        this.push(patch, "redo", false);
        this.future = rest;
        this.history();
      }
    }
    if (message.type === "request")
      this.request(String(message.id), String(message.method), message.params as Record<string, Json>);
  }

  private request(id: string, method: string, params: Record<string, Json>): void {
    const reply = (result: unknown, buffers: DataView[] = []) => this.send({ type: "response", id, result }, buffers);
    const refuse = (message: string) => this.send({ type: "response", id, error: { message } });
    if (method === "quick_add")
      reply(this.quickAdd(String(params.text), params.after as string | null, params.preview === true));
    else if (method === "code") reply({ code: this.code() });
    else if (method === "write_code" || method === "save") reply({ path: `/home/me/${params.path}` });
    else if (method === "summary") reply(this.summary());
    else if (method === "weights") reply(weightsOf(String(params.call), this.graph));
    else if (method === "activations")
      activations(String(params.call), this.graph, Number(params.sample), reply, refuse);
    else if (method === "sample")
      reply(
        {
          shape: [28, 28, 1],
          label: String((Number(params.index) * 7) % 10),
          count: 2000,
          prediction: String((Number(params.index) * 7) % 10),
        },
        [view(digit(Number(params.index)))],
      );
    else if (method === "confusion") reply(confusion());
    else if (method === "mistakes")
      reply(mistakes(params), [
        view(Uint8Array.from(Array.from({ length: 12 }, (_, index) => [...digit(index + 40)]).flat())),
      ]);
    else if (method === "run" || method === "resume" || method === "step") reply(this.run(method));
    else if (method === "pause") reply(this.halt("paused"));
    else if (method === "stop") reply(this.halt("stopped"));
    else refuse(`The harness does not know ${method}.`);
  }

  private quickAdd(text: string, after: string | null, preview: boolean) {
    const { layers, error } = read(text);
    const { patch, ids } = edits.add(this.graph, KINDS, layers, { after }, this.state.direction);
    const next = apply(this.graph, patch);
    const found = analyse(next, 0);
    const shown: PreviewLayer[] = layers.map((layer, index) => ({
      ...layer,
      shape: found.calls[ids[index] ?? ""]?.shapes?.[0] ?? null,
    }));
    if (!preview && !error) this.push({ ...patch, label: "Quick add" }, "quick_add");
    return { layers: shown, error, ...(!preview && { calls: ids }) };
  }

  private code(): string {
    const lines = ordered(this.graph).map((id) => {
      const layer = this.graph.layers.get(this.graph.calls.get(id)?.layer ?? "");
      const args = Object.entries(layer?.args ?? {}).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
      const inputs = this.graph.calls
        .get(id)
        ?.inputs.map(([source]) => source)
        .join(", ");
      return layer?.kind === "Input"
        ? `${id} = keras.Input(${args.join(", ")})`
        : `${id} = layers.${layer?.kind}(${args.join(", ")})(${inputs})`;
    });
    return [
      "import kerasviz as keras",
      "from kerasviz import layers",
      "",
      "# The network",
      ...lines,
      "",
      `model = keras.Model(${ordered(this.graph)[0] ?? ""}, ${ordered(this.graph).at(-1) ?? ""}, name="digits")`,
      'model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])',
    ].join("\n");
  }

  private summary() {
    const found = analyse(this.graph, 0);
    const rows = ordered(this.graph).map((id) => {
      const call = found.calls[id];
      const shape = call?.shapes?.[0] ?? null;
      return {
        call: id,
        name: titleOf(this.graph, id),
        kind: this.graph.layers.get(this.graph.calls.get(id)?.layer ?? "")?.kind ?? "",
        shape,
        dtype: "float32",
        params: call?.params ?? 0,
        trainable: call?.params ?? 0,
        macs: call?.macs ?? 0,
        memory_bytes: (shape ?? []).slice(1).reduce<number>((all, size) => all * (size ?? 1), 4),
        connected_to: [],
      };
    });
    return {
      rows,
      totals: {
        params: found.totals.params,
        macs: found.totals.macs,
        memory_bytes: rows.reduce((sum, row) => sum + row.memory_bytes, 0),
      },
    };
  }

  private run(method: string) {
    const batches = 188;
    const epochs = this.state.settings.epochs;
    if (method === "run") {
      this.step = 0;
      this.frame = 0;
    }
    const name = `run-${method === "run" ? Math.random() : "same"}`;
    if (method === "run") this.name = name;
    this.set({ state: "running", epochs, batches, message: "" });
    clearInterval(this.timer);
    this.timer = setInterval(() => this.tick(batches, epochs), 100);
    return { message: "" };
  }

  private name = "";

  private halt(state: "paused" | "stopped") {
    clearInterval(this.timer);
    this.set({ state });
    this.send({
      type: "marker",
      run: this.name,
      step: this.step,
      epoch: this.step / 188,
      kind: state === "paused" ? "pause" : "stop",
      text: state === "paused" ? "Paused" : "Stopped",
    });
    return { message: "" };
  }

  private tick(batches: number, epochs: number): void {
    const count = 14;
    const x = Float64Array.from({ length: count }, (_, index) => this.step + index + 1);
    const loss = Float32Array.from(x, (value) => 0.08 + 1.9 * Math.exp(-value / 180) + Math.random() * 0.18);
    const accuracy = Float32Array.from(loss, (value) => Math.max(0.1, 0.99 - value * 0.4 - Math.random() * 0.02));
    const before = Math.floor(this.step / batches);
    this.step += count;
    this.frame += 1;
    this.send(
      {
        type: "series",
        run: this.name,
        sequence: this.frame,
        reset: this.frame === 1,
        level: "batch",
        names: ["loss", "accuracy"],
        count,
      },
      [view(x), view(loss), view(accuracy)],
    );
    const epoch = Math.floor(this.step / batches);
    if (epoch > before) {
      const fall = 0.08 + 1.7 * Math.exp(-epoch / 1.1);
      const val = fall + 0.05 + Math.max(0, epoch - 5) * 0.02;
      this.frame += 1;
      this.send(
        {
          type: "series",
          run: this.name,
          sequence: this.frame,
          reset: before === 0,
          level: "epoch",
          names: ["loss", "accuracy", "val_loss", "val_accuracy"],
          count: 1,
        },
        [
          view(Float64Array.of(epoch)),
          ...[fall, 0.99 - fall * 0.3, val, 0.985 - val * 0.3].map((value) => view(Float32Array.of(value))),
        ],
      );
    }
    const seconds = (performance.now() - this.started) / 1000;
    this.set({
      epoch: Math.min(epochs, epoch + 1),
      batch: this.step % batches,
      step: this.step,
      progress: {
        elapsed_seconds: seconds,
        eta_seconds: 42,
        samples_per_second: 9210,
        step_ms: 6.94,
        learning_rate: 0.001,
      },
    });
    if (epoch >= epochs) {
      clearInterval(this.timer);
      this.set({ state: "finished", batch: batches });
    }
  }
}

function digit(index: number): Uint8Array {
  const pixels = new Uint8Array(784);
  for (let angle = 0; angle < 6.3; angle += 0.02) {
    const x = 14 + Math.cos(angle) * (5 + (index % 4));
    const y = 14 + Math.sin(angle) * 9 + Math.sin(angle * (1 + (index % 3))) * 2;
    for (const [dx, dy] of [
      [0, 0],
      [1, 0],
      [0, 1],
    ] as const)
      pixels[Math.round(y + dy) * 28 + Math.round(x + dx)] = 255 - 60 * (dx + dy);
  }
  return pixels;
}

function weightsOf(call: string, graph: Graph) {
  const analysis = analyse(graph, 0).calls[call];
  if (!analysis?.params) return { weights: [] };
  const counts = (spread: number) =>
    Array.from({ length: 40 }, (_, index) =>
      Math.round(300 * Math.exp(-(((index - 20) / spread) ** 2)) + Math.random() * 12),
    );
  const edges = Array.from({ length: 41 }, (_, index) => (index - 20) / 60);
  return {
    weights: [
      {
        name: "kernel",
        shape: [3, 3, 32, 64],
        trainable: true,
        mean: -0.0021,
        std: 0.0814,
        min: -0.333,
        max: 0.333,
        zeros: 0,
        histogram: { edges, counts: counts(9) },
      },
      {
        name: "bias",
        shape: [64],
        trainable: true,
        mean: 0.012,
        std: 0.0304,
        min: -0.08,
        max: 0.11,
        zeros: 0.25,
        histogram: { edges, counts: counts(4) },
      },
    ],
  };
}

function activations(
  call: string,
  graph: Graph,
  sample: number,
  reply: (result: unknown, buffers: DataView[]) => void,
  refuse: (message: string) => void,
): void {
  const shape = analyse(graph, 0).calls[call]?.shapes?.[0];
  if (!shape) {
    refuse("This layer's output cannot be computed yet.");
    return;
  }
  const [, height = 1, width = 1, channels = 1] = shape.map((size) => size ?? 1);
  if (shape.length === 4) {
    const count = Math.min(channels, 32);
    const values = Float32Array.from({ length: count * height * width }, (_, index) => {
      const map = Math.floor(index / (height * width));
      const y = Math.floor((index % (height * width)) / width) / height - 0.5;
      const x = (index % width) / width - 0.5;
      return Math.max(
        0,
        Math.sin(8 * (x * Math.cos(map + sample) + y * Math.sin(map))) *
          Math.exp(-6 * Math.abs(Math.hypot(x, y) - 0.3)),
      );
    });
    reply({ shape: shape.slice(1), kind: "maps", count, height, width, total: channels, low: 0, high: 1 }, [
      view(values),
    ]);
  } else {
    const values = Float32Array.from({ length: height }, (_, index) => Math.sin(index * 2.1 + sample) ** 3);
    reply(
      {
        shape: shape.slice(1),
        kind: "vector",
        count: height,
        height: 1,
        width: height,
        total: height,
        low: -1,
        high: 1,
      },
      [view(values)],
    );
  }
}

function confusion() {
  const labels = Array.from({ length: 10 }, (_, index) => String(index));
  return {
    labels,
    matrix: labels.map((_, row) =>
      labels.map((__, column) =>
        row === column ? 190 + ((row * 7) % 13) : (row * 3 + column * 5) % 7 === 0 ? (row + column) % 6 : 0,
      ),
    ),
  };
}

function mistakes(params: Record<string, Json>) {
  return {
    labels: Array.from({ length: 10 }, (_, index) => String(index)),
    shape: [28, 28, 1],
    mistakes: Array.from({ length: 12 }, (_, index) => ({
      index: index + 40,
      true: typeof params.true === "number" ? params.true : (index * 3) % 10,
      predicted: typeof params.predicted === "number" ? params.predicted : (index * 7 + 1) % 10,
      confidence: 0.99 - index * 0.03,
    })),
  };
}
