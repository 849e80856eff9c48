import type { FormField, Json } from "../contract";

export interface FieldProps {
  id: string;
  field: FormField;
  /** What is set; the default if nothing is. */
  value: Json | undefined;
  describedBy: string;
  invalid: boolean;
  disabled: boolean;
  onChange(value: Json): void;
  onError(error: string | null): void;
}
