interface SwitchProps {
  id?: string;
  checked: boolean;
  label?: string;
  describedBy?: string;
  disabled?: boolean;
  onChange(checked: boolean): void;
}

export function Switch({ id, checked, label, describedBy, disabled = false, onChange }: SwitchProps) {
  return (
    <button
      id={id}
      type="button"
      role="switch"
      className="kv-switch"
      aria-checked={checked}
      aria-label={label}
      aria-describedby={describedBy}
      disabled={disabled}
      onClick={() => onChange(!checked)}
    >
      <span />
    </button>
  );
}
