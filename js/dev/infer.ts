import type { Analysis, CallAnalysis, Json, Problem, Shape } from "../src/contract";
import { type Graph, layerOf, ordered, sinksOf } from "../src/graph/document";
import { CATALOG } from "./catalog";

type Found = { shapes: Shape[] | null; params: number; macs: number; error?: string; arg?: string };

const number = (value: Json | undefined, other: number) => (typeof value === "number" ? value : other);
const pair = (value: Json | undefined, other: number): [number, number] =>
  Array.isArray(value) ? [Number(value[0]), Number(value[1])] : [number(value, other), number(value, other)];
const product = (shape: Shape) => shape.slice(1).reduce<number>((all, size) => all * (size ?? 1), 1);
const words = (shape: Shape) => shape.slice(1).join(" × ");

function windowed(
  shape: Shape,
  size: [number, number],
  strides: [number, number],
  same: boolean,
): [number, number] | string {
  const [h, w] = [shape[1] ?? 1, shape[2] ?? 1];
  if (!same && (h < size[0] || w < size[1]))
    return `The map is ${h} × ${w}: too small for a window of ${size[0]} × ${size[1]}.`;
  const out = (n: number, k: number, s: number) => (same ? Math.ceil(n / s) : Math.floor((n - k) / s) + 1);
  return [out(h, size[0], strides[0]), out(w, size[1], strides[1])];
}

function one(kind: string, args: Record<string, Json>, inputs: Shape[]): Found {
  const fail = (error: string, arg?: string): Found => ({
    shapes: null,
    params: 0,
    macs: 0,
    error,
    ...(arg && { arg }),
  });
  const [x] = inputs;
  if (kind === "Input")
    return Array.isArray(args.shape)
      ? { shapes: [[null, ...(args.shape as number[])]], params: 0, macs: 0 }
      : fail("Input needs the shape of one sample.", "shape");
  if (!x) return fail("Nothing comes in: connect a layer above it.");
  const last = x.at(-1) ?? 1;
  if (kind === "Dense") {
    if (typeof args.units !== "number") return fail("Dense needs its number of units.", "units");
    const params = last * args.units + args.units;
    return { shapes: [[...x.slice(0, -1), args.units]], params, macs: params };
  }
  if (kind === "Conv2D") {
    if (x.length !== 4) return fail(`Conv2D needs height × width × channels; it gets ${words(x)}.`);
    if (typeof args.filters !== "number") return fail("Conv2D needs its number of filters.", "filters");
    const size = pair(args.kernel_size, 3);
    const out = windowed(x, size, pair(args.strides, 1), args.padding === "same");
    if (typeof out === "string") return fail(out, "kernel_size");
    const params = size[0] * size[1] * last * args.filters + args.filters;
    return { shapes: [[null, ...out, args.filters]], params, macs: params * out[0] * out[1] };
  }
  if (kind.endsWith("Pooling2D")) {
    if (x.length !== 4) return fail(`${kind} needs height × width × channels; it gets ${words(x)}.`);
    if (kind.startsWith("Global")) return { shapes: [[null, last]], params: 0, macs: 0 };
    const size = pair(args.pool_size, 2);
    const out = windowed(x, size, size, args.padding === "same");
    return typeof out === "string" ? fail(out) : { shapes: [[null, ...out, last]], params: 0, macs: 0 };
  }
  if (kind === "LSTM" || kind === "GRU") {
    if (x.length !== 3) return fail(`${kind} needs time × features; it gets ${words(x)}.`);
    const units = number(args.units, 1);
    return {
      shapes: [args.return_sequences ? [null, x[1] ?? null, units] : [null, units]],
      params: 4 * units * (last + units + 1),
      macs: 0,
    };
  }
  if (kind === "Embedding")
    return {
      shapes: [[...x, number(args.output_dim, 1)]],
      params: number(args.input_dim, 1) * number(args.output_dim, 1),
      macs: 0,
    };
  if (kind === "Flatten") return { shapes: [[null, product(x)]], params: 0, macs: 0 };
  if (kind === "BatchNormalization") return { shapes: [x], params: last * 4, macs: product(x) };
  if (kind === "Add" || kind === "Multiply" || kind === "Average") {
    const other = inputs.find((shape) => shape.join() !== x.join());
    return other ? fail(`Branches differ: ${words(x)} and ${words(other)}.`) : { shapes: [x], params: 0, macs: 0 };
  }
  if (kind === "Concatenate")
    return {
      shapes: [[...x.slice(0, -1), inputs.reduce((sum, shape) => sum + (shape.at(-1) ?? 0), 0)]],
      params: 0,
      macs: 0,
    };
  if (kind === "Reshape")
    return Array.isArray(args.target_shape)
      ? { shapes: [[null, ...(args.target_shape as number[])]], params: 0, macs: 0 }
      : fail("Reshape needs a target shape.", "target_shape");
  if (kind === "Dropout" && typeof args.rate !== "number")
    return fail("Dropout needs the share that is dropped.", "rate");
  return { shapes: [x], params: 0, macs: 0 };
}

export function analyse(graph: Graph, rev: number): Analysis {
  const calls: Record<string, CallAnalysis> = {};
  const problems: Problem[] = [];
  for (const id of ordered(graph)) {
    const layer = layerOf(graph, id);
    const call = graph.calls.get(id);
    if (!layer || !call) continue;
    const inputs = call.inputs.map(([source, output]) => calls[source]?.shapes?.[output] ?? null);
    const blocked = inputs.some((shape) => shape === null);
    const found: Found = blocked
      ? { shapes: null, params: 0, macs: 0 }
      : one(layer.kind, layer.args, inputs as Shape[]);
    const mine: Problem[] = found.error
      ? [
          {
            id: `${id}:error`,
            severity: "error",
            call: id,
            arg: found.arg ?? null,
            message: found.error,
            blame: call.inputs.map(([source]) => source),
            fixes: fixesFor(layer.kind, id, found.error),
          },
        ]
      : [];
    if (layer.kind === "Dense" && (inputs[0]?.length ?? 0) > 3) {
      mine.push({
        id: `${id}:map`,
        severity: "warning",
        call: id,
        arg: null,
        message: "Dense works on every pixel here; the output stays a map.",
        hint: "Put a Flatten before it.",
        fixes: [{ label: "Insert Flatten" }],
      });
    }
    calls[id] = {
      shapes: found.shapes,
      dtype: "float32",
      params: found.params,
      trainable: found.params,
      macs: found.macs,
      problems: mine,
    };
    problems.push(...mine);
  }
  const sum = (name: "params" | "macs") => Object.values(calls).reduce((all, call) => all + call[name], 0);
  if (graph.calls.size > 1) {
    for (const sink of sinksOf(graph).slice(0, -1)) {
      const problem: Problem = {
        id: `${sink}:sink`,
        severity: "hint",
        call: sink,
        arg: null,
        message: "Nothing uses this output: it becomes one of the model's.",
        fixes: [],
      };
      calls[sink]?.problems.push(problem);
      problems.push(problem);
    }
  }
  return {
    rev,
    calls,
    totals: { params: sum("params"), trainable: sum("params"), macs: sum("macs"), memory_bytes: sum("params") * 4 },
    problems,
  };
}

function fixesFor(kind: string, _id: string, error: string): { label: string }[] {
  if (kind === "Conv2D" && error.includes("it gets"))
    return [{ label: "Insert Reshape(28, 28, 1)" }, { label: "Use Dense instead" }];
  return error.includes("too small") ? [{ label: "Set padding to 'same'" }] : [];
}

/** The quick-add language, roughly. */
export function read(text: string): {
  layers: { kind: string; args: Record<string, Json> }[];
  error: { message: string; start: number; end: number } | null;
} {
  const layers: { kind: string; args: Record<string, Json> }[] = [];
  let start = 0;
  for (const part of text.split(">")) {
    const words = [...part.matchAll(/\S+/g)];
    const [head, ...rest] = words;
    if (head) {
      const name = head[0].toLowerCase();
      const spec = CATALOG.layers.find((layer) => layer.kind.toLowerCase() === name || layer.aliases.includes(name));
      const at = start + (head.index ?? 0);
      if (!spec)
        return { layers, error: { message: `There is no layer “${head[0]}”.`, start: at, end: at + head[0].length } };
      const args: Record<string, Json> = {};
      const numbers = spec.form.filter((field) => ["number", "sizes"].includes(field.input));
      let next = 0;
      for (const word of rest) {
        const value = Number(
          word[0].includes("/") ? Number(word[0].split("/")[0]) / Number(word[0].split("/")[1]) : word[0],
        );
        if (spec.kind === "Input" && Number.isFinite(value))
          args.shape = [...((args.shape as number[] | undefined) ?? []), value];
        else if (Number.isFinite(value)) {
          const field = numbers[next];
          next += 1;
          if (field) args[field.name] = field.input === "sizes" ? [value, value] : value;
        } else if (CATALOG.activations.includes(word[0])) args.activation = word[0];
        else if (word[0] === "same") args.padding = "same";
        else if (spec.kind === "Input") args.dtype = word[0];
        else
          return {
            layers,
            error: {
              message: `“${word[0]}” is no argument of ${spec.kind}.`,
              start: start + (word.index ?? 0),
              end: start + (word.index ?? 0) + word[0].length,
            },
          };
      }
      layers.push({ kind: spec.kind, args });
    }
    start += part.length + 1;
  }
  return { layers, error: null };
}
