import type { Json } from "../contract";
import type { FieldProps } from "./types";
import { isRecord, showObject } from "./values";

const NONE = "\u0000none";

/** A choice in words: Python's for yes and no. */
function shown(choice: Json): string {
  if (typeof choice === "boolean") return choice ? "True" : "False";
  return choice === null ? "None" : String(choice);
}

export function SelectField({ id, field, value, describedBy, invalid, disabled, onChange }: FieldProps) {
  const choices = field.choices ?? [];
  const plain = isRecord(value) ? showObject(value) : (value ?? null);
  const current = choices.indexOf(plain);
  return (
    <select
      id={id}
      className="kv-input"
      disabled={disabled}
      value={current >= 0 ? String(current) : NONE}
      aria-invalid={invalid}
      aria-describedby={describedBy}
      onChange={(event) => onChange(event.target.value === NONE ? null : (choices[Number(event.target.value)] ?? null))}
    >
      {(field.nullable || current < 0) && !choices.includes(null) && (
        <option value={NONE}>{current < 0 ? shown(plain) : "None"}</option>
      )}
      {choices.map((choice, index) => (
        <option key={String(choice)} value={String(index)}>
          {shown(choice)}
        </option>
      ))}
    </select>
  );
}
