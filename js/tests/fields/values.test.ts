import { expect, test } from "vitest";

import { stepped } from "../../src/fields/TextualField";
import {
  calculate,
  equal,
  namedParts,
  namedValue,
  parseAxis,
  parseJson,
  parseList,
  parseNumber,
  parseNumbers,
  parseShape,
  parseSizes,
  sameName,
  showList,
  showObject,
  showShape,
  showSizes,
} from "../../src/fields/values";

const whole = { step: 1, min: 1, max: null };

test.each([
  ["32*4", 128],
  ["1/255", 1 / 255],
  ["2*(3+4)", 14],
  ["-1", -1],
  ["1e-3", 0.001],
  [" 7 ", 7],
  ["2 + 3 * 4", 14],
  ["10 - 4 - 3", 3],
])("%s is %d", (text, value) => {
  expect(calculate(text)).toBe(value);
});

test.each(["", "abc", "1 +", "(1", "1 2", "alert(1)", "1/0", "2**3"])("%j is no number", (text) => {
  expect(calculate(text)).toBeNull();
});

test("a number outside its limits is refused with what was expected", () => {
  expect(parseNumber("0", whole)).toEqual({ error: "Expected a whole number at least 1." });
  expect(parseNumber("1.5", whole)).toEqual({ error: "Expected a whole number at least 1." });
  expect(parseNumber("2", { step: "any", min: 0, max: 1 })).toEqual({
    error: "Expected a number at least 0 and at most 1.",
  });
});

test("nothing is None only where None is allowed", () => {
  expect(parseNumber("", { ...whole, nullable: true })).toEqual({ value: null });
  expect(parseNumber("none", { ...whole, nullable: true })).toEqual({ value: null });
  expect(parseNumber("", whole)).toHaveProperty("error");
});

test.each([
  ["3", 3],
  ["3x3", [3, 3]],
  ["(3, 5)", [3, 5]],
  ["3 5", [3, 5]],
  ["3×5", [3, 5]],
  ["[2,2]", [2, 2]],
])("sizes %s", (text, value) => {
  expect(parseSizes(text, { count: 2, min: 1 })).toEqual({ value });
});

test.each(["", "3,3,3", "0", "a", "1.5"])("sizes %j are refused", (text) => {
  expect(parseSizes(text, { count: 2, min: 1 })).toHaveProperty("error");
});

test("sizes and shapes are shown as they are typed", () => {
  expect(parseSizes(showSizes([3, 3]), { count: 2, min: 1 })).toEqual({ value: [3, 3] });
  expect(parseShape(showShape([28, null, 1]), {})).toEqual({ value: [28, null, 1] });
});

test.each([
  ["28, 28, 1", [28, 28, 1]],
  ["(None, 3)", [null, 3]],
  ["? 8", [null, 8]],
  ["-1", [-1]],
  ["()", []],
])("the shape %s", (text, value) => {
  expect(parseShape(text, {})).toEqual({ value });
});

test.each(["", "0", "28 x a", "-2"])("the shape %j is refused", (text) => {
  expect(parseShape(text, {})).toHaveProperty("error");
});

test("an axis is one number or several", () => {
  expect(parseAxis("-1", {})).toEqual({ value: -1 });
  expect(parseAxis("1, 2", {})).toEqual({ value: [1, 2] });
  expect(parseAxis("x", {})).toHaveProperty("error");
});

test.each([
  ["True", true],
  ["none", null],
  ["[1, 2]", [1, 2]],
  ["val_loss", "val_loss"],
  ['{"a": 1}', { a: 1 }],
  ["model.keras", "model.keras"],
])("the value %s", (text, value) => {
  expect(parseJson(text)).toEqual({ value });
});

test("a broken value is refused", () => {
  expect(parseJson("[1, ")).toHaveProperty("error");
});

test("objects are compared by what they hold", () => {
  expect(equal({ a: [1, { b: null }] }, { a: [1, { b: null }] })).toBe(true);
  expect(equal({ a: 1 }, { a: 1, b: 2 })).toBe(false);
  expect(equal([1], { 0: 1 })).toBe(false);
  expect(equal(undefined, null)).toBe(false);
});

test("an object without arguments is its name, one with arguments its config", () => {
  expect(namedValue("initializer", "HeNormal", {})).toBe("HeNormal");
  const config = namedValue("initializer", "RandomNormal", { stddev: 0.1 });
  expect(config).toEqual({
    module: "keras.initializers",
    class_name: "RandomNormal",
    config: { stddev: 0.1 },
    registered_name: null,
  });
  expect(namedParts(config)).toEqual({ kind: "RandomNormal", config: { stddev: 0.1 } });
  expect(namedParts("relu")).toEqual({ kind: "relu", config: {} });
  expect(namedParts(null)).toEqual({ kind: null, config: {} });
});

test("a class and its alias are one name", () => {
  expect(sameName("GlorotUniform", "glorot_uniform")).toBe(true);
  expect(sameName("L1", "L2")).toBe(false);
});

test("arrow keys step whole numbers by one and fractions by a tenth of their size, within the limits", () => {
  expect(stepped(8, 1, false, whole)).toBe(9);
  expect(stepped(8, 1, true, whole)).toBe(18);
  expect(stepped(1, -1, false, whole)).toBe(1);
  expect(stepped(0.5, 1, false, { step: "any", min: 0, max: 1 })).toBe(0.6);
  expect(stepped(0.001, -1, false, { step: "any", min: 0, max: null })).toBe(0);
  expect(stepped(0, 1, false, { step: "any", min: 0, max: 1 })).toBe(0.1);
});

test.each([
  ["0.2, 1/2", [0.2, 0.5]],
  ["3", [3]],
  ["red, green", ["red", "green"]],
  ["red green, it's", ["red green", "it's"]],
  ['"a, b", c', ["a, b", "c"]],
  ['["a", 1]', ["a", 1]],
  ["(1, 2)", [1, 2]],
  [
    "[1, 2], [3, 4]",
    [
      [1, 2],
      [3, 4],
    ],
  ], // prettier-ignore
])("the list %j", (text, value) => {
  expect(parseList(text, {})).toEqual({ value });
});

test("a list shows as it is written", () => {
  for (const list of [[0.2, 0.5], ["red", "it's"], ["a, b", "1"], [[1, 2], 3], ['say "no"', " x"], [""], ["none"]])
    expect(parseList(showList(list), {})).toEqual({ value: list });
  expect(showList(["red", "green"])).toBe("red, green");
  expect(showList(null)).toBe("");
});

test("an empty list is none, or refused where one is needed", () => {
  expect(parseList(" ", {})).toEqual({ value: null });
  expect(parseList("None", { nullable: true })).toEqual({ value: null });
  expect(parseList("", { required: true })).toHaveProperty("error");
  expect(parseList('"a', {})).toHaveProperty("error");
});

test.each([
  ["1/255", 1 / 255],
  ["0.5, 1", [0.5, 1]],
  ["0.5,", [0.5]],
  ["[0.5]", [0.5]],
  [
    "[[1, 2], [3, 4]]",
    [
      [1, 2],
      [3, 4],
    ],
  ], // prettier-ignore
  ["", null],
])("numbers %j", (text, value) => {
  expect(parseNumbers(text, {})).toEqual({ value });
});

test("words are no numbers", () => {
  expect(parseNumbers("red", {})).toEqual({ error: "Expected a number, or several with commas between them." });
});

test("an object that a field cannot edit has a name", () => {
  expect(showObject({ class_name: "DTypePolicy", config: { name: "mixed_float16" } })).toBe("mixed_float16");
  expect(showObject({ class_name: "SeedGenerator", config: { seed: 7 } })).toBe("SeedGenerator");
});
