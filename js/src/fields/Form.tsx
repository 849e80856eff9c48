import { type ComponentType, type ReactNode, useState } from "react";

import type { FormField, Json, Problem } from "../contract";
import { Icon } from "../ui/icons";
import { TEXT } from "../ui/text";
import { LayersField } from "./LayersField";
import { NamedField } from "./NamedField";
import { RateField } from "./RateField";
import { SelectField } from "./SelectField";
import { SwitchField } from "./SwitchField";
import {
  AxisField,
  JsonField,
  ListField,
  NumberField,
  NumbersField,
  ShapeField,
  SizesField,
  TextField,
} from "./TextualField";
import type { FieldProps } from "./types";
import { equal, spoken } from "./values";

/** One input for each kind of value; what is not here is edited as JSON. */
const INPUTS: Record<string, ComponentType<FieldProps>> = {
  text: TextField,
  number: NumberField,
  switch: SwitchField,
  select: SelectField,
  sizes: SizesField,
  shape: ShapeField,
  axis: AxisField,
  named: NamedField,
  layers: LayersField,
  rate: RateField,
  list: ListField,
  numbers: NumbersField,
  json: JsonField,
  function: TextField,
};

interface RowProps {
  field: FormField;
  id: string;
  value: Json | undefined;
  problem: Problem | undefined;
  remedy: ReactNode;
  disabled: boolean;
  onChange(value: Json | undefined): void;
}

function Row({ field, id, value, problem, remedy, disabled, onChange }: RowProps) {
  const [error, setError] = useState<string | null>(null);
  const Input = INPUTS[field.input] ?? JsonField;
  const isSet = value !== undefined;
  const missing = field.required && !isSet;
  const message = error ?? problem?.message ?? null;
  const set = (next: Json) => onChange(!field.required && equal(next, field.default) ? undefined : next);
  return (
    <div className={`kv-field${isSet ? " is-set" : ""}${message ? " is-wrong" : ""}`} data-field={field.name}>
      <label htmlFor={id} title={field.doc}>
        {spoken(field.name)}
        {missing && <em>{TEXT.parameters.required}</em>}
      </label>
      <div className="kv-field-input">
        <Input
          id={id}
          field={field}
          value={isSet ? value : field.required ? undefined : field.default}
          describedBy={`${id}-doc`}
          invalid={message !== null}
          disabled={disabled}
          onChange={set}
          onError={setError}
        />
        {isSet && !field.required && (
          <button
            type="button"
            className="kv-reset"
            disabled={disabled}
            title={TEXT.parameters.reset(spoken(field.name))}
            aria-label={TEXT.parameters.reset(spoken(field.name))}
            onClick={() => {
              setError(null);
              onChange(undefined);
            }}
          >
            <Icon name="reset" size={12} />
          </button>
        )}
      </div>
      {message && (
        <p className="kv-field-error" role="alert">
          {message}
        </p>
      )}
      {!error && remedy}
      <p className={`kv-field-doc${field.doc && message?.includes(field.doc) ? " is-said" : ""}`} id={`${id}-doc`}>
        {field.doc}
      </p>
    </div>
  );
}

interface FormProps {
  form: FormField[];
  args: Record<string, Json>;
  idPrefix: string;
  problems?: Problem[];
  /** What stands below the message of a problem. */
  remedy?(problem: Problem): ReactNode;
  disabled?: boolean;
  hide?: string[];
  onChange(name: string, value: Json | undefined): void;
}

function groupsOf(form: FormField[]): [string, FormField[]][] {
  const groups = new Map<string, FormField[]>();
  for (const field of form) groups.set(field.group, [...(groups.get(field.group) ?? []), field]);
  return [...groups].sort(([a], [b]) => Number(b === "main") - Number(a === "main"));
}

function headingOf(group: string): string {
  return TEXT.parameters.groups[group] ?? group.charAt(0).toUpperCase() + spoken(group.slice(1));
}

/** A form for the arguments of any component: main ones open, groups of rarer ones folded. */
export function Form(props: FormProps) {
  const { form, args, idPrefix, problems = [], remedy, disabled = false, hide = ["name"], onChange } = props;
  const rows = (fields: FormField[]) =>
    fields.map((field) => {
      const problem = problems.find((other) => other.arg === field.name);
      return (
        <Row
          key={field.name}
          field={field}
          id={`${idPrefix}-${field.name}`}
          value={args[field.name]}
          problem={problem}
          remedy={problem && remedy?.(problem)}
          disabled={disabled}
          onChange={(value) => onChange(field.name, value)}
        />
      );
    });
  const wanted = (field: FormField) =>
    args[field.name] !== undefined || problems.some((problem) => problem.arg === field.name);
  return (
    <div className="kv-form">
      {groupsOf(form.filter((field) => !hide.includes(field.name))).map(([group, fields]) =>
        group === "main" ? (
          <div key={group} className="kv-fields">
            {rows(fields)}
          </div>
        ) : (
          <details key={group} className="kv-group" open={fields.some(wanted) || undefined}>
            <summary>
              <Icon name="right" size={12} />
              {headingOf(group)}
            </summary>
            <div className="kv-fields">{rows(fields)}</div>
          </details>
        ),
      )}
    </div>
  );
}
