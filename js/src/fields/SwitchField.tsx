import { Switch } from "../ui/Switch";
import type { FieldProps } from "./types";

export function SwitchField({ id, value, describedBy, disabled, onChange }: FieldProps) {
  return <Switch id={id} checked={value === true} describedBy={describedBy} disabled={disabled} onChange={onChange} />;
}
