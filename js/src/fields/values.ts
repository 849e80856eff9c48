// Text of a form field <-> value of an argument. Pure; every refusal says what was expected.

import type { FormField, Json } from "../contract";
import { TEXT } from "../ui/text";

export type Parsed = { value: Json } | { error: string };

export function isRecord(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function equal(a: Json | undefined, b: Json | undefined): boolean {
  if (Object.is(a, b)) return true;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, index) => equal(item, b[index]));
  if (!isRecord(a) || !isRecord(b)) return false;
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].every((name) => equal(a[name], b[name]));
}

function fail(what: string): Parsed {
  return { error: TEXT.fields.expected(what) };
}

/** Plain arithmetic: numbers, + - * / and brackets. */
export function calculate(text: string): number | null {
  const tokens = text.match(/\d*\.?\d+(?:e[+-]?\d+)?|[-+*/()]/gi);
  if (!tokens || tokens.join("") !== text.replace(/\s+/g, "")) return null;
  let at = 0;
  const factor = (): number => {
    const token = tokens[at++];
    if (token === "-") return -factor();
    if (token === "+") return factor();
    if (token === "(") {
      const inner = sum();
      return tokens[at++] === ")" ? inner : Number.NaN;
    }
    return token === undefined || /[*/)]/.test(token) ? Number.NaN : Number(token);
  };
  const product = (): number => {
    let value = factor();
    while (tokens[at] === "*" || tokens[at] === "/") value = tokens[at++] === "*" ? value * factor() : value / factor();
    return value;
  };
  const sum = (): number => {
    let value = product();
    while (tokens[at] === "+" || tokens[at] === "-")
      value = tokens[at++] === "+" ? value + product() : value - product();
    return value;
  };
  const value = sum();
  return at === tokens.length && Number.isFinite(value) ? value : null;
}

export function numberWords(field: Pick<FormField, "step" | "min" | "max">): string {
  const kind = field.step === 1 ? TEXT.fields.wholeNumber : TEXT.fields.number;
  const limits = [
    typeof field.min === "number" ? TEXT.fields.atLeast(field.min) : "",
    typeof field.max === "number" ? TEXT.fields.atMost(field.max) : "",
  ].filter(Boolean);
  return [kind, limits.join(" and ")].filter(Boolean).join(" ");
}

export function parseNumber(text: string, field: Pick<FormField, "step" | "min" | "max" | "nullable">): Parsed {
  if (field.nullable && /^(none)?$/i.test(text.trim())) return { value: null };
  const value = calculate(text.trim());
  const whole = field.step === 1;
  const fits =
    value !== null &&
    (!whole || Number.isInteger(value)) &&
    (typeof field.min !== "number" || value >= field.min) &&
    (typeof field.max !== "number" || value <= field.max);
  return fits ? { value } : fail(numberWords(field));
}

function pieces(text: string): string[] {
  return text
    .replace(/[()[\]]/g, " ")
    .split(/[\s,x×]+/i)
    .filter(Boolean);
}

export function showSizes(value: Json | undefined): string {
  return Array.isArray(value) ? value.join(", ") : value === null || value === undefined ? "" : String(value);
}

/** 3, 3x3 or (3, 3); one number stands for all axes. */
export function parseSizes(text: string, field: Pick<FormField, "count" | "min" | "nullable">): Parsed {
  const parts = pieces(text);
  if (field.nullable && (parts.length === 0 || /^none$/i.test(text.trim()))) return { value: null };
  const sizes = parts.map(Number);
  const count = field.count ?? null;
  const least = field.min ?? Number.NEGATIVE_INFINITY;
  const fits = sizes.length > 0 && sizes.every((size) => Number.isInteger(size) && size >= least);
  if (!fits || (sizes.length > 1 && count !== null && sizes.length !== count)) return fail(TEXT.fields.sizes(count));
  return { value: sizes.length === 1 ? (sizes[0] as number) : sizes };
}

export function showShape(value: Json | undefined): string {
  if (!Array.isArray(value)) return value === null || value === undefined ? "" : String(value);
  return value.map((size) => size ?? "None").join(", ");
}

/** 28, 28, 1 with None for a size that may be any. */
export function parseShape(text: string, field: Pick<FormField, "nullable">): Parsed {
  const parts = pieces(text);
  if (parts.length === 0)
    return field.nullable ? { value: null } : text.includes("(") ? { value: [] } : fail(TEXT.fields.shape);
  const sizes = parts.map((part) => (/^(none|any|\?)$/i.test(part) ? null : Number(part)));
  const fits = sizes.every((size) => size === null || (Number.isInteger(size) && (size > 0 || size === -1)));
  return fits ? { value: sizes } : fail(TEXT.fields.shape);
}

/** -1, or several axes. */
export function parseAxis(text: string, field: Pick<FormField, "nullable">): Parsed {
  const parts = pieces(text);
  if (parts.length === 0 && field.nullable) return { value: null };
  const axes = parts.map(Number);
  if (axes.length === 0 || !axes.every(Number.isInteger)) return fail(TEXT.fields.sizes(null));
  return { value: axes.length === 1 ? (axes[0] as number) : axes };
}

/** Between commas or in lines; what stands in quotes or brackets is one piece. */
function items(text: string): string[] {
  const found = text.match(/(?:"(?:[^"\\]|\\.)*"|\[[^\]]*\]|[^,\n])+/g) ?? [];
  return found.map((part) => part.trim()).filter(Boolean);
}

function item(text: string): Json | undefined {
  const number = calculate(text);
  if (number !== null) return number;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return /["[\]{}]/.test(text) ? undefined : text;
  }
}

/** 0.5, 1 or red, green; in brackets or without. */
export function parseList(text: string, field: Partial<Pick<FormField, "nullable" | "required">>): Parsed {
  const trimmed = text.trim();
  if (/^(none)?$/i.test(trimmed)) return field.required ? fail(TEXT.fields.list) : { value: null };
  const whole = parsedJson(trimmed) ?? parsedJson(`[${trimmed}]`);
  if (Array.isArray(whole)) return { value: whole };
  const found = items(trimmed.replace(/^[[(]([^[\]()]*)[\])]$/, "$1")).map(item);
  const known = found.filter((part): part is Json => part !== undefined);
  return known.length === found.length && known.length > 0 ? { value: known } : fail(TEXT.fields.list);
}

/** A number, or several: then a list. */
export function parseNumbers(text: string, field: Partial<Pick<FormField, "nullable" | "required">>): Parsed {
  const parsed = parseList(text, field);
  if ("error" in parsed) return fail(TEXT.fields.numbers);
  const { value } = parsed;
  if (!Array.isArray(value)) return parsed;
  if (!value.every(numeric) || value.length === 0) return fail(TEXT.fields.numbers);
  const one = value.length === 1 && !text.includes("[") && !text.includes(",");
  return { value: one ? (value[0] as number) : value };
}

/** A number, or lists of them. */
function numeric(value: Json): boolean {
  return Array.isArray(value) ? value.every(numeric) : typeof value === "number";
}

export function showList(value: Json | undefined): string {
  if (!Array.isArray(value)) return showJson(value);
  const plain = (part: Json) =>
    typeof part === "string" &&
    item(part) === part &&
    part !== "" &&
    !/[,\n]|^none$/i.test(part) &&
    part.trim() === part;
  return value.map((part) => (plain(part) ? String(part) : JSON.stringify(part))).join(", ");
}

function parsedJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** How an object reads where a field cannot edit it: SeedGenerator. */
export function showObject(value: { [key: string]: Json }): string {
  const { class_name: name, config } = value;
  const inner = isRecord(config) ? config.name : undefined;
  return typeof inner === "string" ? inner : typeof name === "string" ? name : JSON.stringify(value);
}

export function showJson(value: Json | undefined): string {
  return value === undefined || value === null ? "" : typeof value === "string" ? value : JSON.stringify(value);
}

export function parseJson(text: string): Parsed {
  const trimmed = text.trim();
  if (trimmed === "" || /^none$/i.test(trimmed)) return { value: null };
  const python = trimmed.replace(/^True$/, "true").replace(/^False$/, "false");
  try {
    return { value: JSON.parse(python) as Json };
  } catch {
    return /^[\w./ -]+$/.test(trimmed) ? { value: trimmed } : fail(TEXT.fields.json);
  }
}

/** The class name and the arguments in a name, a config, or nothing. */
export function namedParts(value: Json | undefined): { kind: string | null; config: Record<string, Json> } {
  if (typeof value === "string") return { kind: value, config: {} };
  if (!isRecord(value)) return { kind: null, config: {} };
  const kind = value.class_name;
  return { kind: typeof kind === "string" ? kind : null, config: isRecord(value.config) ? value.config : {} };
}

const MODULES: Record<string, string> = {
  initializer: "keras.initializers",
  regularizer: "keras.regularizers",
  constraint: "keras.constraints",
  activation: "keras.activations",
  optimizer: "keras.optimizers",
  schedule: "keras.optimizers.schedules",
};

/** The config form of an object: its name alone where no argument is set. */
export function namedValue(family: string, kind: string, config: Record<string, Json>): Json {
  if (family === "activation" || Object.keys(config).length === 0) return kind;
  return { module: MODULES[family] ?? `keras.${family}s`, class_name: kind, config, registered_name: null };
}

/** "glorot_uniform" and "GlorotUniform" are one name. */
export function sameName(a: string, b: string): boolean {
  const plain = (name: string) => name.replace(/_/g, "").toLowerCase();
  return plain(a) === plain(b);
}

/** glorot_uniform, kernel_size -> "kernel size". */
export function spoken(name: string): string {
  return name.replace(/_/g, " ");
}
