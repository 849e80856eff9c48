import { Switch } from "../ui/Switch";
import { SelectField } from "./SelectField";
import type { FieldProps } from "./types";

const YES_OR_NO = [true, false];

/** On or off; three choices where there is a third, None. */
export function SwitchField(props: FieldProps) {
  const { id, field, value, describedBy, disabled, onChange } = props;
  if (field.nullable) return <SelectField {...props} field={{ ...field, choices: YES_OR_NO }} />;
  return <Switch id={id} checked={value === true} describedBy={describedBy} disabled={disabled} onChange={onChange} />;
}
