import { type KeyboardEvent, type ReactNode, useId, useRef } from "react";

export interface Tab {
  id: string;
  label: string;
  badge?: number;
  tone?: string;
}

interface TabsProps {
  tabs: Tab[];
  active: string;
  label: string;
  small?: boolean;
  onChange(id: string): void;
  children: ReactNode;
}

export function Tabs({ tabs, active, label, small = false, onChange, children }: TabsProps) {
  const base = useId();
  const list = useRef<HTMLDivElement>(null);
  const turn = (event: KeyboardEvent) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const next = (tabs.findIndex((tab) => tab.id === active) + step + tabs.length) % tabs.length;
    onChange((tabs[next] as Tab).id);
    (list.current?.children[next] as HTMLElement | undefined)?.focus();
  };
  return (
    <div className={small ? "kv-tabs kv-tabs-small" : "kv-tabs"}>
      <div className="kv-tablist" role="tablist" aria-label={label} onKeyDown={turn} ref={list}>
        {tabs.map((tab) => (
          <button
            key={tab.id}
            type="button"
            role="tab"
            id={`${base}-${tab.id}`}
            aria-selected={tab.id === active}
            aria-controls={`${base}-panel`}
            tabIndex={tab.id === active ? 0 : -1}
            className="kv-tab"
            onClick={() => onChange(tab.id)}
          >
            {tab.label}
            {tab.badge ? <span className={`kv-badge kv-tone-${tab.tone ?? "hint"}`}>{tab.badge}</span> : null}
          </button>
        ))}
      </div>
      <div className="kv-tabpanel" role="tabpanel" id={`${base}-panel`} aria-labelledby={`${base}-${active}`}>
        {children}
      </div>
    </div>
  );
}
