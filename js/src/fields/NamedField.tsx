import { useTrait } from "../bridge/useTrait";
import type { Catalog, ComponentSpec, FormField, Json } from "../contract";
import { TEXT } from "../ui/text";
import { Form } from "./Form";
import type { FieldProps } from "./types";
import { namedParts, namedValue, sameName } from "./values";

const NONE = "";

/** What a field offers: the whole family, or those of it that may stand there. */
export function choicesOf(catalog: Catalog, { family, of }: Pick<FormField, "family" | "of">): ComponentSpec[] {
  const tables: Record<string, ComponentSpec[]> = {
    activation: catalog.activations.map((kind) => ({ kind, form: [] })),
    initializer: catalog.initializers,
    regularizer: catalog.regularizers,
    constraint: catalog.constraints,
    loss: catalog.losses,
    metric: catalog.metrics,
    optimizer: catalog.optimizers,
    schedule: catalog.schedules,
    layer: [...catalog.layers, ...catalog.cells],
  };
  const all = tables[family ?? ""] ?? [];
  if (!of) return all;
  const known = new Map(all.map((spec) => [spec.kind, spec]));
  return of.flatMap((kind) => known.get(kind) ?? []);
}

/** An object chosen by name, with a form for its own arguments. */
export function NamedField({ id, field, value, describedBy, invalid, disabled, onChange }: FieldProps) {
  const [catalog] = useTrait("catalog");
  const family = field.family ?? "";
  const choices = choicesOf(catalog, field);
  const { kind, config } = namedParts(value);
  const spec = kind === null ? undefined : choices.find((choice) => sameName(choice.kind, kind));
  const defaults = namedParts(field.default);
  const atDefault = kind !== null && defaults.kind !== null && sameName(kind, defaults.kind);
  const setArg = (name: string, next: Json | undefined) => {
    if (!spec) return;
    const { [name]: _old, ...rest } = config;
    onChange(namedValue(family, spec.kind, next === undefined ? rest : { ...rest, [name]: next }));
  };
  return (
    <div className="kv-named">
      <select
        id={id}
        className="kv-input"
        disabled={disabled}
        value={spec?.kind ?? (kind === null ? NONE : kind)}
        aria-invalid={invalid}
        aria-describedby={describedBy}
        onChange={(event) => onChange(event.target.value === NONE ? null : event.target.value)}
      >
        {(field.nullable || kind === null || family === "activation") && (
          <option value={NONE}>{field.required ? TEXT.fields.choose : TEXT.fields.none}</option>
        )}
        {kind !== null && !spec && (
          <option value={kind}>
            {kind} ({TEXT.fields.custom})
          </option>
        )}
        {choices.map((choice) => (
          <option key={choice.kind} value={choice.kind}>
            {choice.kind}
          </option>
        ))}
      </select>
      {spec && spec.form.length > 0 && !atDefault && (
        <div className="kv-nested">
          <Form form={spec.form} args={config} idPrefix={id} disabled={disabled} onChange={setArg} />
        </div>
      )}
    </div>
  );
}
