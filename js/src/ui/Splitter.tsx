import { type KeyboardEvent, type PointerEvent, useRef } from "react";

interface SplitterProps {
  /** Height of what is below, in pixels. */
  value: number;
  least: number;
  most: number;
  usual: number;
  label: string;
  onChange(value: number): void;
}

const STEP = 16;

/** The edge above a panel: drag it, or move it by arrow keys; a double click puts it back. */
export function Splitter({ value, least, most, usual, label, onChange }: SplitterProps) {
  const start = useRef<{ y: number; value: number } | null>(null);
  const set = (next: number) => onChange(Math.round(Math.min(most, Math.max(least, next))));
  const onKeyDown = (event: KeyboardEvent) => {
    const keys: Record<string, number> = {
      ArrowUp: value + STEP,
      ArrowDown: value - STEP,
      PageUp: value + 4 * STEP,
      PageDown: value - 4 * STEP,
      Home: least,
      End: most,
      Enter: usual,
    };
    const next = keys[event.key];
    if (next === undefined) return;
    event.preventDefault();
    set(next);
  };
  const onPointerMove = ({ clientY }: PointerEvent) => {
    if (start.current) set(start.current.value + start.current.y - clientY);
  };
  return (
    <div
      className="kv-splitter"
      role="separator"
      tabIndex={0}
      aria-orientation="horizontal"
      aria-label={label}
      title={label}
      aria-valuenow={value}
      aria-valuemin={least}
      aria-valuemax={most}
      onKeyDown={onKeyDown}
      onDoubleClick={() => set(usual)}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        start.current = { y: event.clientY, value };
      }}
      onPointerMove={onPointerMove}
      onLostPointerCapture={() => {
        start.current = null;
      }}
    />
  );
}
