import type { ReactNode } from "react";

export interface Option {
  key: string;
  content: ReactNode;
}

interface OptionsProps {
  id: string;
  label: string;
  options: Option[];
  chosen: number;
  onTake(index: number): void;
}

/** The list below a text field: the field keeps the focus and its keys choose; a click takes. */
export function Options({ id, label, options, chosen, onTake }: OptionsProps) {
  return (
    <div className="kv-options" id={id} role="listbox" aria-label={label}>
      {options.map((option, index) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: the text field has the keys
        <div
          key={option.key}
          id={`${id}-${index}`}
          role="option"
          tabIndex={-1}
          aria-selected={index === chosen}
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => onTake(index)}
        >
          {option.content}
        </div>
      ))}
    </div>
  );
}
