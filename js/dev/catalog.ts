import type { Catalog, ComponentSpec, FormField, Json, LayerSpec } from "../src/contract";

type Extra = Partial<FormField>;

function field(name: string, input: string, value: Json | undefined, doc: string, extra: Extra = {}): FormField {
  return { name, doc, group: "main", required: value === undefined, default: value ?? null, input, ...extra };
}

const int = (name: string, value: Json | undefined, doc: string, extra: Extra = {}) =>
  field(name, "number", value, doc, { step: 1, min: 1, max: null, ...extra });
const real = (name: string, value: Json | undefined, doc: string, extra: Extra = {}) =>
  field(name, "number", value, doc, { step: "any", min: 0, max: null, ...extra });
const flag = (name: string, value: boolean, doc: string, extra: Extra = {}) => field(name, "switch", value, doc, extra);
const sizes = (name: string, value: Json | undefined, doc: string, count = 2) =>
  field(name, "sizes", value, doc, { count, min: 1 });
const pick = (name: string, value: Json | undefined, choices: Json[], doc: string) =>
  field(name, "select", value, doc, { choices });
const activation = (value: string | null = null) =>
  field("activation", "named", value, "Applied last; None leaves the sum as it is.", {
    family: "activation",
    nullable: true,
  });
const seed = int("seed", null, "Seed of what is random.", { nullable: true, min: null, group: "advanced" });

function weights(...names: string[]): FormField[] {
  const start = (name: string) => ({
    module: "keras.initializers",
    class_name: name === "bias" ? "Zeros" : "GlorotUniform",
    config: (name === "bias" ? {} : { seed: null }) as Record<string, Json>,
    registered_name: null,
  });
  return [
    ...names.map((name) =>
      field(`${name}_initializer`, "named", start(name), `How \`${name}\` starts.`, {
        family: "initializer",
        group: "initializer",
      }),
    ),
    ...names.map((name) =>
      field(`${name}_regularizer`, "named", null, `Penalty on \`${name}\`.`, {
        family: "regularizer",
        group: "regularizer",
        nullable: true,
      }),
    ),
    ...names.map((name) =>
      field(`${name}_constraint`, "named", null, `Applied to \`${name}\` after each update.`, {
        family: "constraint",
        group: "constraint",
        nullable: true,
      }),
    ),
  ];
}

function layer(
  kind: string,
  category: string,
  doc: string,
  form: FormField[],
  aliases: string[],
  key_args: string[],
  rank: number | null = null,
  inputs = { min: 1, max: 1 as number | null },
): LayerSpec {
  const first = category === "attention" ? 2 : Math.min(inputs.min, 1);
  return { kind, category, doc, form, aliases, key_args, rank, inputs: { ...inputs, first, names: [] } };
}

const conv = (n: number) =>
  layer(
    `Conv${n}D`,
    "convolution",
    ["", "Slides a kernel over sequences.", "Slides a kernel over images.", "Slides a kernel over volumes."][n] ?? "",
    [
      int("filters", undefined, "Channels of the output."),
      sizes("kernel_size", undefined, "Extent of the kernel along each axis.", n),
      sizes("strides", n === 1 ? 1 : Array(n).fill(1), "Steps between two places of the kernel.", n),
      pick("padding", "valid", ["valid", "same"], "'same' pads so that stride 1 keeps the size."),
      sizes("dilation_rate", n === 1 ? 1 : Array(n).fill(1), "Distance between the kernel's taps.", n),
      int("groups", 1, "Parts of the channels that are kept apart."),
      activation(),
      flag("use_bias", true, "Whether to add a bias."),
      ...weights("kernel", "bias"),
    ],
    n === 2 ? ["conv", "conv2d"] : [`conv${n}d`],
    ["filters", "kernel_size", "activation"],
    n + 2,
  );

const pool = (kind: string, alias: string[]) =>
  layer(
    kind,
    "pooling",
    "Keeps the largest value of every window.",
    [
      sizes("pool_size", [2, 2], "Extent of the window."),
      sizes("strides", null, "Steps between windows."),
      pick("padding", "valid", ["valid", "same"], "How the border is treated."),
    ],
    alias,
    ["pool_size"],
    4,
  );

const plain = (
  kind: string,
  category: string,
  doc: string,
  aliases: string[],
  form: FormField[] = [],
  keys: string[] = [],
) => layer(kind, category, doc, form, aliases, keys);
const merge = (kind: string, doc: string) =>
  layer(
    kind,
    "merging",
    doc,
    kind === "Concatenate" ? [field("axis", "axis", -1, "Axis along which to join.")] : [],
    [kind.toLowerCase()],
    [],
    null,
    { min: 2, max: null },
  );
const rnn = (kind: string) =>
  layer(
    kind,
    "recurrent",
    `Reads a sequence with ${kind} cells.`,
    [
      int("units", undefined, "Size of the state."),
      activation("tanh"),
      flag("return_sequences", false, "Return every step, not only the last."),
      flag("go_backwards", false, "Read from the end."),
      real("dropout", 0, "Share of the inputs dropped.", { max: 1, group: "dropout" }),
      ...weights("kernel", "recurrent", "bias"),
    ],
    [kind.toLowerCase()],
    ["units"],
    3,
  );

const named = (kind: string, doc: string, form: FormField[] = []): ComponentSpec => ({ kind, doc, form });
const rate = (value: number) => real("learning_rate", value, "Size of a step.");

export const CATALOG: Catalog = {
  cells: [],
  schedules: [],
  layers: [
    layer(
      "Input",
      "input",
      "Where data enters the model.",
      [
        field("shape", "shape", undefined, "Sizes of one sample, without the batch."),
        pick("dtype", "float32", ["float32", "int32", "uint8"], "Type of the numbers."),
      ],
      ["in", "input"],
      ["shape"],
      null,
      { min: 0, max: 0 },
    ),
    layer(
      "Dense",
      "core",
      "Multiplies by a kernel, adds a bias, applies an activation.",
      [
        int("units", undefined, "Size of the last axis of the output."),
        activation(),
        flag("use_bias", true, "Whether to add a bias."),
        ...weights("kernel", "bias"),
      ],
      ["dense", "fc"],
      ["units", "activation"],
    ),
    layer(
      "Embedding",
      "core",
      "Looks up a vector for every index.",
      [int("input_dim", undefined, "Number of indices."), int("output_dim", undefined, "Size of a vector.")],
      ["embed"],
      ["input_dim", "output_dim"],
    ),
    conv(1),
    conv(2),
    conv(3),
    pool("MaxPooling2D", ["pool", "maxpool"]),
    pool("AveragePooling2D", ["avgpool"]),
    plain("GlobalAveragePooling2D", "pooling", "Averages every map to one number.", ["gap"]),
    rnn("LSTM"),
    rnn("GRU"),
    layer(
      "MultiHeadAttention",
      "attention",
      "Lets every position look at all others.",
      [
        int("num_heads", undefined, "Number of heads."),
        int("key_dim", undefined, "Size of a head."),
        real("dropout", 0, "Share of the attention dropped.", { max: 1, group: "dropout" }),
      ],
      ["mha", "attention"],
      ["num_heads", "key_dim"],
      3,
      { min: 2, max: 3 },
    ),
    plain(
      "BatchNormalization",
      "normalization",
      "Scales values by the batch's mean and variance.",
      ["bn", "batchnorm"],
      [
        real("momentum", 0.99, "Memory of the running statistics.", { max: 1 }),
        real("epsilon", 0.001, "Added to the variance."),
      ],
    ),
    plain(
      "LayerNormalization",
      "normalization",
      "Scales each sample by its own mean and variance.",
      ["ln"],
      [real("epsilon", 0.001, "Added to the variance.")],
    ),
    plain(
      "Dropout",
      "regularization",
      "Sets a random share of the values to zero while training.",
      ["dropout", "drop"],
      [real("rate", undefined, "Share that is dropped.", { max: 1 }), seed],
      ["rate"],
    ),
    plain(
      "Activation",
      "activation",
      "Applies an activation.",
      ["act"],
      [field("activation", "named", undefined, "Which one.", { family: "activation" })],
      ["activation"],
    ),
    plain("ReLU", "activation", "Sets negative values to zero.", ["relu"]),
    plain(
      "LeakyReLU",
      "activation",
      "Shrinks negative values.",
      ["leakyrelu"],
      [real("negative_slope", 0.3, "Slope below zero.")],
      ["negative_slope"],
    ),
    plain("Softmax", "activation", "Turns values into shares of one.", ["softmax"]),
    plain("Flatten", "reshaping", "Puts all values of a sample in a row.", ["flatten", "flat"]),
    plain(
      "Reshape",
      "reshaping",
      "Gives the values another shape.",
      ["reshape"],
      [field("target_shape", "shape", undefined, "Sizes of one sample; one may be -1.")],
      ["target_shape"],
    ),
    plain(
      "Rescaling",
      "reshaping",
      "Multiplies and shifts the inputs.",
      ["rescale", "rescaling"],
      [real("scale", undefined, "Factor.", { min: null }), real("offset", 0, "Added after.", { min: null })],
      ["scale"],
    ),
    merge("Add", "Adds its inputs."),
    merge("Multiply", "Multiplies its inputs."),
    merge("Average", "Averages its inputs."),
    merge("Concatenate", "Joins its inputs along an axis."),
  ],
  losses: [
    named("SparseCategoricalCrossentropy", "For whole-number labels of classes.", [
      flag("from_logits", false, "Whether outputs are before the softmax."),
      int("ignore_class", null, "A class that does not count.", { nullable: true, min: null }),
    ]),
    named("CategoricalCrossentropy", "For one-hot labels.", [
      flag("from_logits", false, "Whether outputs are before the softmax."),
      real("label_smoothing", 0, "Share given to all classes.", { max: 1 }),
    ]),
    named("BinaryCrossentropy", "For yes and no."),
    named("MeanSquaredError", "Squared distance."),
    named("MeanAbsoluteError", "Distance."),
    named("Huber", "Squares small errors and takes large ones as they are.", [
      real("delta", 1, "Where the two halves meet."),
    ]),
  ],
  metrics: ["SparseCategoricalAccuracy", "Accuracy", "SparseTopKCategoricalAccuracy", "MeanAbsoluteError"].map((kind) =>
    named(kind, ""),
  ),
  optimizers: [
    named("Adam", "Scales each step by running means of the gradient and of its square.", [
      rate(0.001),
      real("beta_1", 0.9, "Memory of the gradient.", { max: 1 }),
      real("beta_2", 0.999, "Memory of its square.", { max: 1 }),
      real("epsilon", 1e-7, "Added to the root."),
      flag("amsgrad", false, "Use the largest square so far.", { group: "advanced" }),
      real("clipnorm", null, "Longest gradient.", { nullable: true, group: "advanced" }),
    ]),
    named("SGD", "Steps against the gradient.", [
      rate(0.01),
      real("momentum", 0, "Memory of the step.", { max: 1 }),
      flag("nesterov", false, "Look ahead."),
    ]),
    named("AdamW", "Adam with weight decay.", [rate(0.001), real("weight_decay", 0.004, "Share lost at each step.")]),
    named("RMSprop", "Scales by the running square.", [rate(0.001), real("rho", 0.9, "Memory.", { max: 1 })]),
  ],
  callbacks: [
    named("EarlyStopping", "Stops when a value no longer improves.", [
      field("monitor", "text", "val_loss", "The value to watch."),
      int("patience", 0, "Epochs to wait.", { min: 0 }),
      real("min_delta", 0, "Least change that counts."),
      flag("restore_best_weights", false, "Go back to the best weights."),
    ]),
    named("ReduceLROnPlateau", "Lowers the learning rate when a value stands still.", [
      field("monitor", "text", "val_loss", "The value to watch."),
      real("factor", 0.1, "Factor for the rate.", { max: 1 }),
      int("patience", 10, "Epochs to wait.", { min: 0 }),
    ]),
    named("ModelCheckpoint", "Saves the model after epochs.", [
      field("filepath", "text", undefined, "Where to."),
      flag("save_best_only", false, "Only when it is the best."),
    ]),
    named("TerminateOnNaN", "Stops when the loss is not a number."),
    named("CSVLogger", "Writes a line for every epoch.", [field("filename", "text", undefined, "Where to.")]),
  ],
  activations: ["relu", "sigmoid", "tanh", "softmax", "gelu", "elu", "selu", "silu", "softplus", "linear"],
  initializers: [
    named("GlorotUniform", "", [seed]),
    named("GlorotNormal", "", [seed]),
    named("HeNormal", "", [seed]),
    named("HeUniform", "", [seed]),
    named("Zeros", ""),
    named("Ones", ""),
    named("RandomNormal", "", [real("mean", 0, "Mean.", { min: null }), real("stddev", 0.05, "Spread."), seed]),
  ],
  regularizers: [
    named("L1", "", [real("l1", 0.01, "Weight of the sum of sizes.")]),
    named("L2", "", [real("l2", 0.01, "Weight of the sum of squares.")]),
    named("L1L2", "", [real("l1", 0, "Weight of sizes."), real("l2", 0, "Weight of squares.")]),
  ],
  constraints: [named("MaxNorm", "", [real("max_value", 2, "Longest.")]), named("NonNeg", ""), named("UnitNorm", "")],
};
