import { useTrait } from "../bridge/useTrait";
import type { CallbackData, CallbackStatus, ComponentSpec, Json } from "../contract";
import { Form } from "../fields/Form";
import { Icon } from "../ui/icons";
import { Empty } from "../ui/Notice";
import { Switch } from "../ui/Switch";
import { TEXT } from "../ui/text";

/** Filled segments for the epochs that have been waited. */
function Gauge({ waited, patience }: { waited: number; patience: number }) {
  const shown = Math.min(patience, 24);
  return (
    <span
      className="kv-gauge"
      role="img"
      aria-label={TEXT.callbacks.patience(waited, patience)}
      title={TEXT.callbacks.patience(waited, patience)}
    >
      {Array.from({ length: shown }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a segment is its index
        <i key={index} className={index < (waited / patience) * shown ? "is-full" : ""} />
      ))}
    </span>
  );
}

function Status({ status }: { status: CallbackStatus }) {
  const { text, waited, patience } = status;
  const gauge = typeof waited === "number" && typeof patience === "number" && patience > 0;
  if (!text && !gauge) return null;
  return (
    <p className="kv-callback-status" role="status">
      {gauge && <Gauge waited={waited} patience={patience} />}
      {text}
    </p>
  );
}

interface CardProps {
  callback: CallbackData;
  spec: ComponentSpec | undefined;
  onChange(callback: CallbackData): void;
}

function Card({ callback, spec, onChange }: CardProps) {
  const setArg = (name: string, value: Json | undefined) => {
    const { [name]: _old, ...rest } = callback.args;
    onChange({ ...callback, args: value === undefined ? rest : { ...rest, [name]: value } });
  };
  return (
    <article className={callback.enabled ? "kv-callback is-on" : "kv-callback"} data-callback={callback.kind}>
      <header>
        <div>
          <h4>{callback.kind}</h4>
          {spec?.doc && <p className="kv-quiet">{spec.doc}</p>}
        </div>
        <Switch
          checked={callback.enabled}
          label={TEXT.callbacks.on(callback.kind)}
          onChange={(enabled) => onChange({ ...callback, enabled })}
        />
      </header>
      <Status status={callback.status ?? {}} />
      {spec && spec.form.length > 0 && (
        <details className="kv-group">
          <summary>
            <Icon name="right" size={12} />
            {TEXT.callbacks.options}
          </summary>
          <Form form={spec.form} args={callback.args} idPrefix={`kv-callback-${callback.id}`} onChange={setArg} />
        </details>
      )}
    </article>
  );
}

/** The callbacks as cards with switches. */
export function CallbackPanel() {
  const [catalog] = useTrait("catalog");
  const [callbacks, setCallbacks] = useTrait("callbacks");
  if (callbacks.length === 0) return <Empty>{TEXT.callbacks.none}</Empty>;
  return (
    <div className="kv-callbacks">
      <p className="kv-quiet">{TEXT.callbacks.lead}</p>
      {callbacks.map((callback) => (
        <Card
          key={callback.id}
          callback={callback}
          spec={catalog.callbacks.find((spec) => spec.kind === callback.kind)}
          onChange={(next) => setCallbacks(callbacks.map((other) => (other.id === next.id ? next : other)))}
        />
      ))}
    </div>
  );
}
