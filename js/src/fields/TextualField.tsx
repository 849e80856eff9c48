import { type KeyboardEvent, useState } from "react";

import type { FormField, Json } from "../contract";
import type { FieldProps } from "./types";
import { parseAxis, parseJson, parseNumber, parseShape, parseSizes, type Parsed, showJson, showShape, showSizes } from "./values";

type Show = (value: Json | undefined) => string;
type Parse = (text: string, field: FormField) => Parsed;
type Keys = (event: KeyboardEvent, value: Json | undefined, field: FormField) => number | null;

/** An input whose text is parsed at every key. Invalid text stays in the box, and the last valid value in the model. */
function textual(show: Show, parse: Parse, inputMode: "text" | "decimal" | "numeric" = "text", keys?: Keys) {
  return function TextualField({ id, field, value, describedBy, invalid, disabled, onChange, onError }: FieldProps) {
    const [draft, setDraft] = useState<string | null>(null);
    const change = (text: string) => {
      setDraft(text);
      const parsed = parse(text, field);
      if ("error" in parsed) onError(parsed.error);
      else {
        onError(null);
        onChange(parsed.value);
      }
    };
    return (
      <input
        id={id}
        className="kv-input"
        type="text"
        inputMode={inputMode}
        spellCheck={false}
        autoComplete="off"
        disabled={disabled}
        value={draft ?? show(value)}
        placeholder={field.nullable ? "None" : undefined}
        aria-invalid={invalid}
        aria-describedby={describedBy}
        onChange={(event) => change(event.target.value)}
        onKeyDown={(event) => {
          const next = keys?.(event, value, field) ?? null;
          if (next === null) return;
          event.preventDefault();
          setDraft(null);
          onError(null);
          onChange(next);
        }}
        onBlur={() => {
          if (draft !== null && "value" in parse(draft, field)) setDraft(null);
        }}
      />
    );
  };
}

/** Up and Down change a number by one, with Shift by ten; for fractions by a tenth of their size. */
export function stepped(value: number, direction: 1 | -1, large: boolean, field: Pick<FormField, "step" | "min" | "max">): number {
  const unit = field.step === 1 ? 1 : 10 ** (Math.floor(Math.log10(Math.abs(value) || 1)) - (value === 0 ? 1 : 0));
  const next = Number((value + direction * unit * (large ? 10 : 1)).toPrecision(12));
  return Math.min(field.max ?? Number.POSITIVE_INFINITY, Math.max(field.min ?? Number.NEGATIVE_INFINITY, next));
}

const numberShow: Show = (value) => (value === null || value === undefined ? "" : String(value));

export const NumberField = textual(numberShow, parseNumber, "decimal", (event, value, field) => {
  const direction = event.key === "ArrowUp" ? 1 : event.key === "ArrowDown" ? -1 : 0;
  return direction === 0 || typeof value !== "number" ? null : stepped(value, direction, event.shiftKey, field);
});

export const SizesField = textual(showSizes, parseSizes, "numeric");
export const ShapeField = textual(showShape, parseShape);
export const AxisField = textual(showSizes, parseAxis, "numeric");
export const JsonField = textual(showJson, parseJson);
export const TextField = textual(
  (value) => (typeof value === "string" ? value : showJson(value)),
  (text, field) => ({ value: text === "" && field.nullable ? null : text }),
);
