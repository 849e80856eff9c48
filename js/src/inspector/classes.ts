// What a confusion matrix says about each class.

import type { Confusion } from "../contract";

export interface ClassScore {
  label: string;
  /** Of what was taken for this class, the share that is of it; NaN where nothing was. */
  precision: number;
  /** Of what is of this class, the share that was seen; NaN where nothing is. */
  recall: number;
  f1: number;
  support: number;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

export function accuracyOf({ matrix }: Confusion): number {
  return sum(matrix.map((row, index) => row[index] ?? 0)) / sum(matrix.flat());
}

export function classScores({ labels, matrix }: Confusion): ClassScore[] {
  return labels.map((label, index) => {
    const right = matrix[index]?.[index] ?? 0;
    const support = sum(matrix[index] ?? []);
    const taken = sum(matrix.map((row) => row[index] ?? 0));
    return {
      label,
      precision: right / taken,
      recall: right / support,
      f1: (2 * right) / (taken + support),
      support,
    };
  });
}
