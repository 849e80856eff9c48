// Networks to start from.

export interface Template {
  name: string;
  short: string;
  about: string;
  /** Where there is no input yet. */
  input: string;
  /** Ranks of the inputs, with the batch, that the layers can follow. */
  ranks: number[];
  layers: string;
  family: string;
}

/** Quick-add texts that start a network. */
export const TEMPLATES: Template[] = [
  {
    name: "Multilayer perceptron",
    short: "MLP",
    about: "Two dense layers for pictures of digits",
    input: "in 28 28 1",
    ranks: [2, 3, 4],
    layers: "flatten > dense 128 relu > dropout 0.2 > dense 10 softmax",
    family: "core",
  },
  {
    name: "Small CNN",
    short: "Small CNN",
    about: "Convolution and pooling, 97% and more on digits",
    input: "in 28 28 1",
    ranks: [4],
    layers: "conv 32 3 relu > pool > conv 64 3 relu > pool > flatten > dropout 0.5 > dense 10 softmax",
    family: "convolution",
  },
  {
    name: "LSTM classifier",
    short: "LSTM",
    about: "Rows read one after another, ten classes",
    input: "in 28 28 1",
    ranks: [4],
    layers: "reshape 28 28 > lstm 64 > dropout 0.2 > dense 10 softmax",
    family: "recurrent",
  },
  {
    name: "Regression",
    short: "Regression",
    about: "Columns of numbers to one number",
    input: "in 13",
    ranks: [2],
    layers: "dense 64 relu > dense 64 relu > dense 1",
    family: "merging",
  },
];
