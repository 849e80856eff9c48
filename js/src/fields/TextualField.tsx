import { type KeyboardEvent, useState } from "react";

import type { FormField, Json } from "../contract";
import type { FieldProps } from "./types";
import {
  isRecord,
  type Parsed,
  parseAxis,
  parseJson,
  parseList,
  parseNumber,
  parseNumbers,
  parseShape,
  parseSizes,
  showJson,
  showList,
  showObject,
  showShape,
  showSizes,
} from "./values";

/** How a kind of value is written: text for a value, a value for text, and what keys do to it. */
interface Notation {
  show(value: Json | undefined): string;
  parse(text: string, field: FormField): Parsed;
  inputMode?: "text" | "decimal" | "numeric";
  keys?(event: KeyboardEvent, value: Json | undefined, field: FormField): number | null;
}

/** An input whose text is parsed at every key. Invalid text stays in the box, and the last valid value in the model. */
function TextualInput({
  notation,
  id,
  field,
  value,
  describedBy,
  invalid,
  disabled,
  onChange,
  onError,
}: FieldProps & { notation: Notation }) {
  const [draft, setDraft] = useState<string | null>(null);
  const change = (text: string) => {
    setDraft(text);
    const parsed = notation.parse(text, field);
    if ("error" in parsed) onError(parsed.error);
    else {
      onError(null);
      onChange(parsed.value);
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const next = notation.keys?.(event, value, field) ?? null;
    if (next === null) return;
    event.preventDefault();
    setDraft(null);
    onError(null);
    onChange(next);
  };
  return (
    <input
      id={id}
      className="kv-input"
      type="text"
      inputMode={notation.inputMode ?? "text"}
      spellCheck={false}
      autoComplete="off"
      disabled={disabled}
      value={draft ?? notation.show(value)}
      placeholder={field.nullable ? "None" : undefined}
      aria-invalid={invalid}
      aria-describedby={describedBy}
      onChange={(event) => change(event.target.value)}
      onKeyDown={onKeyDown}
      onBlur={() => {
        if (draft !== null && "value" in notation.parse(draft, field)) setDraft(null);
      }}
    />
  );
}

/** Up and Down change a number by one, with Shift by ten; for fractions by a tenth of their size. */
export function stepped(
  value: number,
  direction: 1 | -1,
  large: boolean,
  field: Pick<FormField, "step" | "min" | "max">,
): number {
  const size = value === 0 ? -1 : Math.floor(Math.log10(Math.abs(value)));
  const unit = field.step === 1 ? 1 : 10 ** size;
  const next = Number((value + direction * unit * (large ? 10 : 1)).toPrecision(12));
  return Math.min(field.max ?? Number.POSITIVE_INFINITY, Math.max(field.min ?? Number.NEGATIVE_INFINITY, next));
}

const NUMBER: Notation = {
  show: (value) => (isRecord(value) ? showObject(value) : value === null || value === undefined ? "" : String(value)),
  parse: parseNumber,
  inputMode: "decimal",
  keys: (event, value, field) => {
    const direction = event.key === "ArrowUp" ? 1 : event.key === "ArrowDown" ? -1 : 0;
    return direction === 0 || typeof value !== "number" ? null : stepped(value, direction, event.shiftKey, field);
  },
};
const SIZES: Notation = { show: showSizes, parse: parseSizes, inputMode: "numeric" };
const SHAPE: Notation = { show: showShape, parse: parseShape };
const AXIS: Notation = { show: showSizes, parse: parseAxis, inputMode: "numeric" };
const LIST: Notation = { show: showList, parse: parseList };
const NUMBERS: Notation = { show: showList, parse: parseNumbers };
const JSON_VALUE: Notation = { show: showJson, parse: parseJson };
const TEXT: Notation = {
  show: (value) => (typeof value === "string" ? value : showJson(value)),
  parse: (text, field) => ({ value: text === "" && field.nullable ? null : text }),
};

export function NumberField(props: FieldProps) {
  return <TextualInput notation={NUMBER} {...props} />;
}

export function SizesField(props: FieldProps) {
  return <TextualInput notation={SIZES} {...props} />;
}

export function ShapeField(props: FieldProps) {
  return <TextualInput notation={SHAPE} {...props} />;
}

export function AxisField(props: FieldProps) {
  return <TextualInput notation={AXIS} {...props} />;
}

export function ListField(props: FieldProps) {
  return <TextualInput notation={LIST} {...props} />;
}

export function NumbersField(props: FieldProps) {
  return <TextualInput notation={NUMBERS} {...props} />;
}

export function JsonField(props: FieldProps) {
  return <TextualInput notation={JSON_VALUE} {...props} />;
}

export function TextField(props: FieldProps) {
  return <TextualInput notation={TEXT} {...props} />;
}
