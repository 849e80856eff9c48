import { useId, useState } from "react";

import { useSession } from "../bridge/context";
import { failureOf } from "../bridge/request";
import { useTrait } from "../bridge/useTrait";
import type { Chosen, ComponentSpec, FormField, Json, Settings } from "../contract";
import { Form } from "../fields/Form";
import { namedValue, parseNumber, sameName } from "../fields/values";
import { Button, IconButton } from "../ui/Button";
import { Icon } from "../ui/icons";
import { TEXT } from "../ui/text";
import { isActive } from "./RunBar";

const SCHEDULE: FormField[] = [
  { name: "epochs", doc: "", group: "main", required: true, default: 1, input: "number", step: 1, min: 1 },
  { name: "batch_size", doc: "", group: "main", required: true, default: 32, input: "number", step: 1, min: 1 },
  {
    name: "validation_split",
    doc: "",
    group: "main",
    required: true,
    default: 0,
    input: "number",
    step: "any",
    min: 0,
    max: 1,
  },
  { name: "shuffle", doc: "", group: "main", required: true, default: true, input: "switch" },
];

function withArg(chosen: Chosen, name: string, value: Json | undefined): Chosen {
  const { [name]: _old, ...rest } = chosen.args;
  return { ...chosen, args: value === undefined ? rest : { ...rest, [name]: value } };
}

/** A component newly chosen. One that wraps another of its family begins with what was chosen before. */
function begun(spec: ComponentSpec | undefined, kind: string, before: Chosen | null): Chosen {
  const inner = spec?.form.find((field) => field.required && field.family === "optimizer");
  if (!inner || !before || !inner.of?.includes(before.kind)) return { kind, args: {} };
  return { kind, args: { [inner.name]: namedValue("optimizer", before.kind, before.args) } };
}

function specOf(specs: ComponentSpec[], kind: string | undefined): ComponentSpec | undefined {
  return specs.find((spec) => kind !== undefined && sameName(spec.kind, kind));
}

interface ChoiceProps {
  title: string;
  specs: ComponentSpec[];
  chosen: Chosen | null;
  empty?: string;
  open?: boolean;
  onChange(chosen: Chosen): void;
}

/** A component chosen by name, with the form of its arguments. */
function Choice({ title, specs, chosen, empty, open = false, onChange }: ChoiceProps) {
  const id = useId();
  const spec = specOf(specs, chosen?.kind);
  const form = spec && chosen && spec.form.length > 0 && (
    <Form
      key={chosen.kind}
      form={spec.form}
      args={chosen.args}
      idPrefix={id}
      onChange={(name, value) => onChange(withArg(chosen, name, value))}
    />
  );
  return (
    <section className="kv-choice">
      <label htmlFor={id}>{title}</label>
      <select
        id={id}
        className="kv-input"
        value={spec?.kind ?? ""}
        onChange={({ target }) => onChange(begun(specOf(specs, target.value), target.value, chosen))}
      >
        {!spec && <option value="">{chosen?.kind ?? empty}</option>}
        {specs.map((entry) => (
          <option key={entry.kind} value={entry.kind}>
            {entry.kind}
          </option>
        ))}
      </select>
      {spec?.doc && <p className="kv-field-doc">{spec.doc}</p>}
      {form &&
        (open ? (
          form
        ) : (
          <details className="kv-group">
            <summary>
              <Icon name="right" size={12} />
              {TEXT.training.options}
            </summary>
            {form}
          </details>
        ))}
    </section>
  );
}

function Metrics({
  specs,
  metrics,
  onChange,
}: {
  specs: ComponentSpec[];
  metrics: Chosen[];
  onChange(metrics: Chosen[]): void;
}) {
  const id = useId();
  const [open, setOpen] = useState<string | null>(null);
  const left = specs.filter((spec) => !metrics.some((metric) => sameName(metric.kind, spec.kind)));
  const formOf = (kind: string) => specOf(specs, kind)?.form ?? [];
  const shown = metrics.findIndex((metric) => metric.kind === open && formOf(metric.kind).length > 0);
  const metric = metrics[shown];
  const add = (kind: string) => {
    onChange([...metrics, { kind, args: {} }]);
    if (formOf(kind).some((field) => field.required)) setOpen(kind);
  };
  return (
    <section className="kv-choice">
      <label htmlFor={id}>{TEXT.training.metrics}</label>
      <ul className="kv-tags">
        {metrics.map(({ kind, args }, index) => (
          <li key={kind}>
            {formOf(kind).length > 0 ? (
              <button
                type="button"
                className={`kv-tag${formOf(kind).some((field) => field.required && !(field.name in args)) ? " is-wrong" : ""}`}
                aria-expanded={index === shown}
                onClick={() => setOpen(index === shown ? null : kind)}
              >
                {kind}
                <Icon name="chevron" size={12} />
              </button>
            ) : (
              kind
            )}
            <IconButton
              icon="close"
              label={TEXT.training.removeMetric(kind)}
              onClick={() => onChange(metrics.filter((_, other) => other !== index))}
            />
          </li>
        ))}
      </ul>
      {metric && (
        <div className="kv-nested">
          <Form
            key={metric.kind}
            form={formOf(metric.kind)}
            args={metric.args}
            idPrefix={`${id}-${metric.kind}`}
            onChange={(name, value) =>
              onChange(metrics.map((other, index) => (index === shown ? withArg(other, name, value) : other)))
            }
          />
        </div>
      )}
      <select id={id} className="kv-input" value="" onChange={({ target }) => target.value && add(target.value)}>
        <option value="">{TEXT.training.addMetric}</option>
        {left.map((spec) => (
          <option key={spec.kind} value={spec.kind}>
            {spec.kind}
          </option>
        ))}
      </select>
    </section>
  );
}

/** The learning rate of the run that is under way. */
function RateNow() {
  const session = useSession();
  const [progress] = useTrait("progress");
  const [text, setText] = useState<string | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const id = useId();
  const ask = (value: number) =>
    session.ask("set_learning_rate", { value }).catch((error: unknown) => setFailure(failureOf(error).message));
  const rate = progress.learning_rate;
  const times = (factor: number) => {
    setText(null);
    setFailure(null);
    if (typeof rate === "number") ask(Number((rate * factor).toPrecision(6)));
  };
  const set = () => {
    const parsed = parseNumber(text ?? "", { step: "any", min: 0 });
    if ("error" in parsed) setFailure(parsed.error);
    else if (typeof parsed.value === "number") {
      setFailure(null);
      setText(null);
      ask(parsed.value);
    }
  };
  return (
    <form
      className="kv-field"
      onSubmit={(event) => {
        event.preventDefault();
        set();
      }}
    >
      <label htmlFor={id}>{TEXT.training.learningRate}</label>
      <div className="kv-field-input">
        <input
          id={id}
          className="kv-input"
          inputMode="decimal"
          value={text ?? String(progress.learning_rate ?? "")}
          aria-invalid={failure !== null}
          onChange={(event) => setText(event.target.value)}
        />
        <Button look="soft" type="submit" disabled={text === null}>
          {TEXT.training.setRate}
        </Button>
        {([0.5, 2] as const).map((factor) => (
          <Button
            key={factor}
            look="soft"
            aria-label={TEXT.training.timesRate[factor]}
            title={TEXT.training.timesRate[factor]}
            disabled={typeof rate !== "number"}
            onClick={() => times(factor)}
          >
            {factor === 2 ? "×2" : "÷2"}
          </Button>
        ))}
      </div>
      {failure && <p className="kv-field-error">{failure}</p>}
    </form>
  );
}

export function TrainingForm() {
  const [catalog] = useTrait("catalog");
  const [settings, setSettings] = useTrait("settings");
  const [state] = useTrait("state");
  const id = useId();
  const set = (change: Partial<Settings>) => setSettings({ ...settings, ...change });
  const { epochs, batch_size, validation_split, shuffle } = settings;
  return (
    <div className="kv-training">
      {isActive(state) && (
        <>
          <p className="kv-quiet kv-note">{TEXT.training.locked}</p>
          <RateNow />
        </>
      )}
      <Form
        form={SCHEDULE}
        args={{ epochs, batch_size, validation_split, shuffle }}
        idPrefix={id}
        onChange={(name, value) => set({ [name]: value })}
      />
      <Choice
        title={TEXT.training.optimizer}
        specs={catalog.optimizers}
        chosen={settings.optimizer}
        open
        onChange={(optimizer) => set({ optimizer })}
      />
      <Choice
        title={TEXT.training.loss}
        specs={catalog.losses}
        chosen={settings.loss}
        empty={TEXT.training.chooseLoss}
        onChange={(loss) => set({ loss })}
      />
      <Metrics specs={catalog.metrics} metrics={settings.metrics} onChange={(metrics) => set({ metrics })} />
    </div>
  );
}
