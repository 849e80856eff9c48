import { useTrait } from "../bridge/useTrait";
import type { Json } from "../contract";
import { IconButton } from "../ui/Button";
import { TEXT } from "../ui/text";
import { choicesOf, NamedField } from "./NamedField";
import type { FieldProps } from "./types";
import { namedParts } from "./values";

/** Several objects in order, each with a form of its own. */
export function LayersField(props: FieldProps) {
  const { id, field, value, describedBy, invalid, disabled, onChange } = props;
  const [catalog] = useTrait("catalog");
  const parts = Array.isArray(value) ? value : [];
  const put = (index: number, ...next: Json[]) =>
    onChange([...parts.slice(0, index), ...next, ...parts.slice(index + 1)]);
  const swap = (index: number) => {
    const [first = null, second = null] = parts.slice(index, index + 2);
    onChange([...parts.slice(0, index), second, first, ...parts.slice(index + 2)]);
  };
  return (
    <div className="kv-list">
      {parts.map((part, index) => {
        const name = namedParts(part).kind ?? TEXT.fields.none;
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: a part is its place
          <div key={index} className="kv-list-part">
            <NamedField
              {...props}
              id={`${id}-${index}`}
              field={{ ...field, nullable: false, default: null }}
              value={part}
              onChange={(next) => put(index, next)}
            />
            <span className="kv-list-tools">
              <IconButton
                icon="up"
                label={TEXT.fields.earlier(name)}
                disabled={disabled || index === 0}
                onClick={() => swap(index - 1)}
              />
              <IconButton
                icon="chevron"
                label={TEXT.fields.later(name)}
                disabled={disabled || index === parts.length - 1}
                onClick={() => swap(index)}
              />
              <IconButton
                icon="close"
                label={TEXT.fields.remove(name)}
                disabled={disabled}
                onClick={() => put(index)}
              />
            </span>
          </div>
        );
      })}
      <select
        id={id}
        className="kv-input"
        disabled={disabled}
        value=""
        aria-invalid={invalid}
        aria-describedby={describedBy}
        onChange={(event) => event.target.value && onChange([...parts, event.target.value])}
      >
        <option value="">{TEXT.fields.add}</option>
        {choicesOf(catalog, field).map((choice) => (
          <option key={choice.kind} value={choice.kind}>
            {choice.kind}
          </option>
        ))}
      </select>
    </div>
  );
}
