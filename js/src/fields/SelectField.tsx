import type { FieldProps } from "./types";

const NONE = "\u0000none";

export function SelectField({ id, field, value, describedBy, invalid, disabled, onChange }: FieldProps) {
  const choices = field.choices ?? [];
  const current = choices.indexOf(value ?? null);
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
      {(field.nullable || current < 0) && <option value={NONE}>{value && current < 0 ? String(value) : "None"}</option>}
      {choices.map((choice, index) => (
        <option key={String(choice)} value={String(index)}>
          {String(choice)}
        </option>
      ))}
    </select>
  );
}
