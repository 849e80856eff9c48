import { useTrait } from "../bridge/useTrait";
import type { Json } from "../contract";
import { TEXT } from "../ui/text";
import { NamedField } from "./NamedField";
import { NumberField } from "./TextualField";
import type { FieldProps } from "./types";
import { isRecord, namedValue } from "./values";

const FIXED = "";

/** A number, or a schedule with a form of its own. */
export function RateField(props: FieldProps) {
  const { id, field, value, disabled, onChange, onError } = props;
  const [catalog] = useTrait("catalog");
  const scheduled = isRecord(value) || typeof value === "string";
  const start = (kind: string) => {
    onError(null);
    const first = catalog.schedules.find((spec) => spec.kind === kind)?.form[0]?.name;
    const config: Record<string, Json> =
      first === "initial_learning_rate" && typeof value === "number" ? { [first]: value } : {};
    onChange(namedValue("schedule", kind, config));
  };
  if (scheduled) {
    const schedule = { ...field, input: "named", family: "schedule", nullable: true, required: false, default: null };
    const back = field.required ? 0.001 : field.default;
    return <NamedField {...props} field={schedule} onChange={(next) => onChange(next ?? back)} />;
  }
  return (
    <div className="kv-rate">
      <NumberField {...props} />
      <select
        className="kv-input"
        aria-label={TEXT.fields.schedule}
        title={TEXT.fields.schedule}
        disabled={disabled}
        value={FIXED}
        onChange={(event) => event.target.value !== FIXED && start(event.target.value)}
        data-for={id}
      >
        <option value={FIXED}>{TEXT.fields.fixed}</option>
        {catalog.schedules.map((spec) => (
          <option key={spec.kind} value={spec.kind}>
            {spec.kind}
          </option>
        ))}
      </select>
    </div>
  );
}
