import { expect, test } from "vitest";

import { accuracyOf, classScores } from "../../src/inspector/classes";

const CONFUSION = {
  labels: ["cat", "dog", "eel"],
  matrix: [
    [8, 2, 0],
    [1, 9, 0],
    [0, 1, 0],
  ],
};

test("precision, recall and F1 of a class are counted from its column and its row", () => {
  const [cat] = classScores(CONFUSION);
  expect(cat).toEqual({ label: "cat", precision: 8 / 9, recall: 0.8, f1: 16 / 19, support: 10 });
});

test("a class that is never predicted has no precision, and an F1 of nothing", () => {
  expect(classScores(CONFUSION)[2]).toEqual({ label: "eel", precision: Number.NaN, recall: 0, f1: 0, support: 1 });
});

test("accuracy is the share on the diagonal", () => {
  expect(accuracyOf(CONFUSION)).toBeCloseTo(17 / 21);
  expect(accuracyOf({ labels: [], matrix: [] })).toBeNaN();
});
