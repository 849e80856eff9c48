// Written by `python -m kerasviz.widgets.contract`. Change the Python classes instead.

export type Json = boolean | number | string | Json[] | { [key: string]: Json } | null;

export type Shape = (number | null)[];

export type Tensor = [string, number];

export type Position = [number, number];

export type View = "studio" | "editor" | "training" | "callbacks" | "inspector";

export type Theme = "auto" | "light" | "dark";

export type Direction = "down" | "right";

export type RunState = "idle" | "preparing" | "running" | "validating" | "pausing" | "paused" | "stopping" | "stopped" | "finished" | "failed";

export type StopHow = "now" | "epoch" | "best";

export type Dialect = "functional" | "sequential";

export type Package = "keras" | "kerasviz";

export type Severity = "error" | "warning" | "hint";

/** A layer of the document; `args` holds what is not the default, in config form. */
export interface LayerData {
  id: string;
  kind: string;
  name?: string;
  args: { [key: string]: Json };
}

/** One use of a layer: a node on the canvas. The first call of a layer has the layer's id. */
export interface CallData {
  id: string;
  layer: string;
  inputs: Tensor[];
  args?: Json[];
  kwargs?: { [key: string]: Json };
}

/** A model as data. `outputs` is null where every sink is one. */
export interface DocumentData {
  version: number;
  layers: LayerData[];
  calls: CallData[];
  inputs: string[];
  outputs: Tensor[] | null;
  groups: { [key: string]: Json }[];
  variables: { [key: string]: Json };
}

/** What a patch sets; null deletes. `order` says at which place a table's entries are put back. */
export interface PatchSet {
  layers?: Record<string, LayerData | null>;
  calls?: Record<string, CallData | null>;
  positions?: Record<string, Position | null>;
  inputs?: string[];
  outputs?: Tensor[] | null;
  groups?: { [key: string]: Json }[];
  variables?: { [key: string]: Json };
  order?: Record<string, Record<string, number>>;
}

/** The one form of change. Patches with an equal `coalesce` key in quick succession undo as one. */
export interface Patch {
  set: PatchSet;
  label: string;
  coalesce?: string;
}

/** What inference found for one call: one shape for each output, null where it failed. */
export interface CallAnalysis {
  shapes: Shape[] | null;
  dtype: string | null;
  params: number;
  trainable: number;
  macs: number;
  problems: Problem[];
}

/** Sums over the model; memory is that of its parameters. */
export interface Totals {
  params: number;
  trainable: number;
  macs: number;
  memory_bytes: number;
}

/** A change that removes a problem: of the document, of the settings, or of callbacks' arguments. */
export interface Fix {
  label: string;
  patch?: Patch | null;
  settings?: { [key: string]: Json };
  callbacks?: { [key: string]: Json };
}

/**
 * What is wrong, where, and what to do; `blame` are the calls it comes from, `rule` what found it.
 *
 * The problems of a call are listed without their fixes; the list of all problems has them.
 */
export interface Problem {
  id: string;
  rule?: string;
  severity: Severity;
  call: string | null;
  arg: string | null;
  message: string;
  expected?: string;
  got?: string;
  hint?: string;
  blame?: string[];
  fixes: Fix[];
}

/** Shapes, counts and problems of a revision. */
export interface Analysis {
  rev: number;
  calls: Record<string, CallAnalysis>;
  totals: Totals;
  problems: Problem[];
}

/** What differs from the analysis before: calls that changed (null: gone), all totals, all problems. */
export interface AnalysisChange {
  calls: Record<string, CallAnalysis | null>;
  totals: Totals;
  problems: Problem[];
}

/** An argument as a form shows it; which further keys there are depends on `input`. */
export interface FormField {
  name: string;
  doc: string;
  group: string;
  required: boolean;
  default: Json;
  input: string;
  nullable?: boolean;
  step?: number | "any";
  min?: number | null;
  max?: number | null;
  choices?: Json[];
  count?: number | null;
  family?: string;
  of?: string[];
}

/**
 * How many tensors a layer takes; `max` is null where there is no limit.
 *
 * A new layer takes the tensor that it is put behind `first` times. `names` say what the first ones are for.
 */
export interface InputCount {
  min: number;
  max: number | null;
  first: number;
  names: string[];
}

/** A loss, metric, optimizer, callback or other component as the forms need it. */
export interface ComponentSpec {
  kind: string;
  doc?: string;
  form: FormField[];
}

/** A layer as the palette and the forms need it. */
export interface LayerSpec extends ComponentSpec {
  category: string;
  inputs: InputCount;
  rank: number | null;
  aliases: string[];
  key_args: string[];
}

/** Every component that the page offers. */
export interface Catalog {
  layers: LayerSpec[];
  cells: ComponentSpec[];
  losses: ComponentSpec[];
  metrics: ComponentSpec[];
  optimizers: ComponentSpec[];
  schedules: ComponentSpec[];
  callbacks: ComponentSpec[];
  activations: string[];
  initializers: ComponentSpec[];
  regularizers: ComponentSpec[];
  constraints: ComponentSpec[];
}

/** An optimizer, loss or metric with the arguments that are not the default. */
export interface Chosen {
  kind: string;
  args: { [key: string]: Json };
}

/** How to train. */
export interface Settings {
  optimizer: Chosen;
  loss: Chosen | null;
  metrics: Chosen[];
  epochs: number;
  batch_size: number;
  validation_split: number;
  shuffle: boolean;
}

/** How far a run is and how fast; the time left is null while it cannot be known. */
export interface Progress {
  elapsed_seconds?: number;
  eta_seconds?: number | null;
  samples_per_second?: number | null;
  step_ms?: number | null;
  learning_rate?: number | null;
}

/** The best value of a metric and its epoch. */
export interface Best {
  epoch: number;
  value: number;
}

/** An exception of the training thread, and the call it came from where that is known. */
export interface RunError {
  message: string;
  call: string | null;
  where?: string;
  expected?: string;
  got?: string;
  hint?: string;
  traceback?: string;
}

/** What a callback says about itself, in words and, for a patience, as a gauge. */
export interface CallbackStatus {
  text?: string;
  waited?: number;
  patience?: number;
}

/** A callback of the panel; its switch works during training too. */
export interface CallbackData {
  id: string;
  kind: string;
  enabled: boolean;
  args: { [key: string]: Json };
  status: CallbackStatus;
}

/** Counts between edges; there is one more edge than counts. */
export interface Histogram {
  edges: number[];
  counts: number[];
}

/** A weight in numbers; `zeros` is the share of values that are zero, `not_finite` how many are NaN or infinite. */
export interface WeightStatistics {
  name: string;
  path: string;
  shape: number[];
  trainable: boolean;
  mean: number | null;
  std: number | null;
  min: number | null;
  max: number | null;
  norm: number | null;
  zeros: number;
  not_finite: number;
  histogram: Histogram;
}

/** An error in its four parts, and as one sentence. */
export interface Failure {
  message: string;
  where?: string;
  expected?: string;
  got?: string;
  hint?: string;
}

/** Everything anew: the answer to hello, to a patch whose base is not the kernel's revision, and to one refused. */
export interface DocumentMessage {
  type: "document";
  revision: number;
  document: DocumentData;
  positions: Record<string, Position>;
  analysis: Analysis;
  refused?: Failure;
}

/** A change that the page did not make: by Python, undo, redo, quick add, a fix. */
export interface PatchMessage {
  type: "patch";
  revision: number;
  patch: Patch;
  origin: "python" | "undo" | "redo" | "quick_add" | "fix" | "paste";
}

/** The answer to a patch, and what follows each patch of the kernel. */
export interface AnalysisMessage {
  type: "analysis";
  revision: number;
  analysis: AnalysisChange;
}

/**
 * Points of the curves. Buffers: x as float64 (step, or epoch), then a float32 column for each name.
 *
 * With `reset` they replace what the page has at this level. `sequence` counts the run's frames: a gap means
 * that one was lost, and hello brings everything anew.
 */
export interface SeriesMessage {
  type: "series";
  run: string;
  sequence: number;
  reset: boolean;
  level: "batch" | "epoch";
  names: string[];
  count: number;
}

/** Something to mark on the curves. */
export interface MarkerMessage {
  type: "marker";
  run: string;
  step: number;
  epoch: number;
  kind: "best" | "pause" | "resume" | "learning_rate" | "callback" | "stop" | "checkpoint" | "nan" | "note" | "error";
  text: string;
}

/** The answer to the request with this id: a result (with the message's buffers) or an error. */
export interface ResponseMessage {
  type: "response";
  id: string;
  result?: Json;
  error?: Failure;
}

export type KernelMessage = DocumentMessage | PatchMessage | AnalysisMessage | SeriesMessage | MarkerMessage | ResponseMessage;

/** A layer that quick add would make; no shape where inference failed. */
export interface PreviewLayer {
  kind: string;
  args: { [key: string]: Json };
  shape: Shape | null;
}

/** What is wrong in a typed text, and from where to where. */
export interface TextError {
  message: string;
  start: number;
  end: number;
}

/** What a quick-add text means. */
export interface QuickAdded {
  layers: PreviewLayer[];
  error: TextError | null;
  calls?: string[];
}

/** A word that completes what is being typed. */
export interface Suggestion {
  text: string;
  kind: string;
  doc: string;
}

/** Completions, best first. */
export interface Suggestions {
  suggestions: Suggestion[];
}

/** Python that makes the model. */
export interface Code {
  code: string;
}

/** Where a file was written. */
export interface Written {
  path: string;
}

/** What a command did, or why it did nothing. */
export interface Done {
  message: string;
}

/** A weight that a layer has, or would have. */
export interface WeightShape {
  name: string;
  shape: number[];
  trainable: boolean;
}

/** A call in the layer table. `memory_bytes` is of its outputs, for one sample; `known`: a rule for costs. */
export interface SummaryRow {
  call: string;
  name: string;
  kind: string;
  input_shapes: Shape[];
  shape: Shape | null;
  shapes: Shape[];
  dtype: string;
  params: number;
  trainable: number;
  weights: WeightShape[];
  macs: number;
  flops: number;
  known: boolean;
  memory_bytes: number;
  parameter_bytes: number;
  receptive_field: number[] | null;
  connected_to: string[];
  shared: boolean;
}

/** The layer table. */
export interface Summary {
  rows: SummaryRow[];
  totals: Record<string, number>;
}

/** The weights of a layer; none for an operation. */
export interface Weights {
  weights: WeightStatistics[];
}

/**
 * Outputs of a call for one sample. Buffer: float32 values.
 *
 * maps: `count` pictures of `height` x `width`, one after another; vector: `count` values;
 * sequence: `height` moments of `width` features. `total` counts the pictures or values there are.
 */
export interface Activations {
  shape: number[];
  kind: "maps" | "vector" | "sequence";
  count: number;
  height: number;
  width: number;
  total: number;
  low: number;
  high: number;
}

/** A sample of the data. Buffer: uint8 pixels, row by row, channels last; none where it is no picture. */
export interface Sample {
  shape: number[];
  label: string;
  count: number;
  prediction?: string;
}

/** How often which class (row) was taken for which (column). */
export interface Confusion {
  labels: string[];
  matrix: number[][];
}

/** A sample that the model got wrong; true and predicted are indices of labels. */
export interface Mistake {
  index: number;
  true: number;
  predicted: number;
  confidence: number;
}

/** Wrong predictions, the most confident first. Buffer: their pictures as uint8, one after another. */
export interface Mistakes {
  mistakes: Mistake[];
  shape: number[];
  labels: string[];
}

/** Layers as text, for the clipboard. */
export interface Copied {
  text: string;
}

/** The calls that a paste made. */
export interface Pasted {
  calls: string[];
}

/** Points of the curves between two places. */
export interface Points {
  names: string[];
  count: number;
}

/** A panel on the page. Its methods may be called from any thread. */
export interface WidgetTraits {
  /** Height of the panel in pixels; a studio grows when its curves open. */
  height: number;
  /** Colours; auto follows the notebook. */
  theme: Theme;
  /** Which panel the page shows. */
  view: View;
}

/**
 * A model drawn as a graph of layers, and edited.
 *
 * Args:
 *     document: a document, its JSON, or a Functional or Sequential model; nothing for an empty canvas.
 */
export interface GraphEditorTraits extends WidgetTraits {
  /** What redo would do again. */
  can_redo: string | null;
  /** What undo would take back. */
  can_undo: string | null;
  /** Every component that the page offers. */
  catalog: Catalog;
  /** Where the data flows on the canvas. */
  direction: Direction;
  /** The open side panel. */
  panel: string;
  /** Counts the changes of the document. */
  revision: number;
  /** The selected calls. */
  selection: string[];
}

/**
 * A training as it runs: progress, curves, and the commands that steer it.
 *
 * Args:
 *     model: the model to train; or a `Run` to look at.
 *     x: inputs, as `fit` takes them.
 *     y: targets.
 *     validation_data: (x, y), or whatever `fit` takes.
 */
export interface TrainingViewTraits extends WidgetTraits {
  /** Batches done in this epoch. */
  batch: number;
  /** Batches of an epoch, where that is known. */
  batches: number | null;
  /** The best value of each metric and its epoch. */
  best: Record<string, Best>;
  /** Every component that the page offers. */
  catalog: Catalog;
  /** Number of the current epoch, from 1; 0 before the first. */
  epoch: number;
  /** Number of epochs of the run. */
  epochs: number;
  /** Why the run failed. */
  error: RunError | null;
  /** The last values of loss and metrics. */
  logs: Record<string, number>;
  /** What the last command did, or why it did nothing. */
  message: string;
  /** How far the run is, and how fast. */
  progress: Progress;
  /** How to train. */
  settings: Settings;
  /** What the run is doing. */
  state: RunState;
  /** Batches done in the whole run. */
  step: number;
}

/**
 * Callbacks that can be switched on and off, also while training runs.
 *
 * Args:
 *     run: the run they take part in.
 */
export interface CallbackPanelTraits extends WidgetTraits {
  /** The callbacks, their switches and arguments. */
  callbacks: CallbackData[];
  /** Every component that the page offers. */
  catalog: Catalog;
}

/**
 * A layer table; weights and activations of a layer; confusion and mistakes of the model.
 *
 * Args:
 *     model: a Functional or Sequential model.
 *     x: inputs to look at.
 *     y: their targets.
 *     validation_data: (x, y) to look at instead.
 */
export interface InspectorTraits extends WidgetTraits {
  /** The call that is looked at; else the selected one. */
  inspected: string | null;
  /** The sample that is shown. */
  sample_index: number;
}

/** Draw a network, train it live, look inside, take it away. */
export interface Traits extends GraphEditorTraits, TrainingViewTraits, CallbackPanelTraits, InspectorTraits {}

/** What the page sends. */
export type PageMessage =
  | { type: "hello" }
  | { type: "patch"; base: number; patch: Patch }
  | { type: "redo" }
  | { type: "undo" }
  | { type: "request"; id: string; method: string; params: { [key: string]: Json } };

/** What the page may ask, and what it gets. */
export interface Requests {
  /** The outputs of a call for one sample. */
  activations: { params: { call: string; sample?: number }; result: Activations };
  /** The Python that makes the model. */
  code: { params: { dialect?: Dialect; package?: Package }; result: Code };
  /** How often which class was taken for which. */
  confusion: { params: Record<string, never>; result: Confusion };
  /** Layers as text, for the clipboard. */
  copy: { params: { calls: string[] }; result: Copied };
  /** Apply a fix of a problem. */
  fix: { params: { problem: string; index?: number }; result: Done };
  /** The most confident wrong predictions, of all classes or of one cell of the confusion matrix. */
  mistakes: { params: { true?: number | null; predicted?: number | null; limit?: number }; result: Mistakes };
  /** Add what was copied. */
  paste: { params: { text: string; after?: string | null }; result: Pasted };
  /** Wait after this batch. */
  pause: { params: Record<string, never>; result: Done };
  /** The points between two steps (or epochs), for a closer look. Buffers as in a series message. */
  points: { params: { level: string; first: number; last: number }; result: Points };
  /** What a text such as `conv 32 3 relu > pool` would add; without `preview` it is added. */
  quick_add: { params: { text: string; after?: string | null; preview?: boolean }; result: QuickAdded };
  /** Go on. */
  resume: { params: Record<string, never>; result: Done };
  /** Start training. */
  run: { params: Record<string, never>; result: Done };
  /** A sample of the data. */
  sample: { params: { index: number }; result: Sample };
  /** Save the model as a .keras file, or the document as .json. */
  save: { params: { path: string }; result: Written };
  /** Change the learning rate from the next batch on. */
  set_learning_rate: { params: { value: number }; result: Done };
  /** Train on one batch, then wait; begins a run where none is under way. */
  step: { params: Record<string, never>; result: Done };
  /** Train to the end of the epoch, then wait; begins a run where none is under way. */
  step_epoch: { params: Record<string, never>; result: Done };
  /** Stop after this batch, after this epoch, or now and with the best weights. */
  stop: { params: { how?: StopHow }; result: Done };
  /** Words that complete what is being typed. */
  suggest: { params: { prefix: string }; result: Suggestions };
  /** The layer table. */
  summary: { params: Record<string, never>; result: Summary };
  /** The weights of a call's layer, in numbers. */
  weights: { params: { call: string }; result: Weights };
  /** Write the Python to a file. */
  write_code: { params: { path: string; dialect?: Dialect; package?: Package }; result: Written };
}
