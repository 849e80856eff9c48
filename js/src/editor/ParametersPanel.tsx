import { useEffect, useRef } from "react";

import { useSession } from "../bridge/context";
import { useSlice, useStore } from "../bridge/store";
import type { FormField, Json, Problem } from "../contract";
import { Form } from "../fields/Form";
import { equal } from "../fields/values";
import { titleOf, type Wire, wiresOf } from "../graph/document";
import { count, shapeTuple } from "../graph/format";
import { Button, IconButton } from "../ui/Button";
import { FamilyIcon } from "../ui/icons";
import { Empty } from "../ui/Notice";
import { TEXT } from "../ui/text";
import { useEditor } from "./context";
import { Fixes, ProblemCard } from "./ProblemCard";
import { analysisOf, fieldRequestOf, graphOf, layerOfCall, problemsOf, selectionOf, sorted } from "./selectors";

function WireRow({ wire, end, role }: { wire: Wire; end: "source" | "target"; role?: string }) {
  const editor = useEditor();
  const other = wire[end];
  const from = titleOf(editor.graph, wire.source);
  const to = titleOf(editor.graph, wire.target);
  return (
    <li>
      <button type="button" className="kv-link" onClick={() => editor.visit(other)}>
        {role && <small>{role} </small>}
        {titleOf(editor.graph, other)}
      </button>
      <IconButton
        icon="plus"
        label={`${TEXT.canvas.insertHere}: ${TEXT.quickAdd.onWire(from, to)}`}
        onClick={() => editor.openQuickAdd({ on: wire })}
      />
      <IconButton icon="close" label={TEXT.parameters.disconnect(from, to)} onClick={() => editor.disconnect([wire])} />
    </li>
  );
}

function Connections({ call }: { call: string }) {
  const editor = useEditor();
  const graph = useStore(useSession().shared, graphOf);
  const wires = wiresOf(graph);
  const inputs = editor.kinds.get(graph.layers.get(graph.calls.get(call)?.layer ?? "")?.kind ?? "")?.inputs;
  const takesInputs = inputs?.max !== 0;
  const into = wires.filter((wire) => wire.target === call);
  const from = wires.filter((wire) => wire.source === call);
  return (
    <section className="kv-connections" aria-label={TEXT.parameters.connections}>
      {takesInputs && (
        <div>
          <h4>{TEXT.parameters.from}</h4>
          <ul>
            {into.length === 0 && <li className="kv-quiet">{TEXT.parameters.noInput}</li>}
            {into.map((wire) => (
              <WireRow
                key={wire.id}
                wire={wire}
                end="source"
                {...(into.length > 1 && { role: inputs?.names[wire.slot] ?? "" })}
              />
            ))}
          </ul>
        </div>
      )}
      <div>
        <h4>{TEXT.parameters.to}</h4>
        <ul>
          {from.map((wire) => (
            <WireRow key={wire.id} wire={wire} end="target" />
          ))}
          <li>
            <button type="button" className="kv-link" onClick={() => editor.page.set({ connecting: call })}>
              {TEXT.connect.open}
            </button>
          </li>
        </ul>
      </div>
    </section>
  );
}

function One({ call }: { call: string }) {
  const editor = useEditor();
  const session = useSession();
  const layer = useSlice(session.shared, layerOfCall, call);
  const found = useSlice(session.shared, analysisOf, call);
  const all = useStore(session.shared, problemsOf);
  if (!layer) return <Empty>{TEXT.parameters.nothing}</Empty>;
  const spec = editor.kinds.get(layer.kind);
  const problems = sorted(all.filter((problem) => problem.call === call)); // these have their fixes, a call's own do not
  const elsewhere = problems.filter(
    (problem) => !problem.arg || !spec?.form.some((field) => field.name === problem.arg),
  );
  const shape = found?.shapes?.[0];
  return (
    <div className={`kv-layer-panel kv-family-${spec?.category ?? "other"}`}>
      <header className="kv-layer-head">
        <span className="kv-node-icon">
          <FamilyIcon family={spec?.category ?? "other"} />
        </span>
        <div>
          <h3>{layer.kind}</h3>
          <p className="kv-quiet">{spec?.doc}</p>
        </div>
      </header>
      <div className="kv-facts">
        {shape && (
          <span>
            {TEXT.parameters.shape} <code>{shapeTuple(shape)}</code>
          </span>
        )}
        {found && found.params > 0 && (
          <span>
            <b>{count(found.params)}</b> {TEXT.canvas.params}
          </span>
        )}
      </div>
      {elsewhere.map((problem: Problem) => (
        <ProblemCard key={problem.id} problem={problem} plain />
      ))}
      <div className="kv-field" data-field="name">
        <label htmlFor={`kv-name-${call}`}>{TEXT.parameters.name}</label>
        <div className="kv-field-input">
          <input
            id={`kv-name-${call}`}
            className="kv-input"
            value={layer.name ?? ""}
            placeholder={layer.id}
            spellCheck={false}
            onChange={(event) => editor.rename(call, event.target.value.trim())}
          />
        </div>
      </div>
      {spec && (
        <Form
          key={layer.id}
          form={spec.form}
          args={layer.args}
          idPrefix={`kv-${call}`}
          problems={problems}
          remedy={(problem) => <Fixes problem={problem} />}
          onChange={(name, value) => editor.setArg([call], name, value)}
        />
      )}
      <Connections call={call} />
      <footer className="kv-actions">
        <Button icon="swap" onClick={() => editor.startReplacing()}>
          {TEXT.parameters.replace}
        </Button>
        <Button icon="copy" onClick={() => editor.duplicate()}>
          {TEXT.parameters.duplicate}
        </Button>
        <Button icon="trash" look="danger" onClick={() => editor.remove(true)}>
          {TEXT.parameters.delete}
        </Button>
      </footer>
    </div>
  );
}

/** The arguments that all selected layers have; a value only where they agree. */
function Many({ calls }: { calls: readonly string[] }) {
  const editor = useEditor();
  const graph = useStore(useSession().shared, graphOf);
  const layers = calls.flatMap((id) => graph.layers.get(graph.calls.get(id)?.layer ?? "") ?? []);
  const forms = layers.map((layer) => editor.kinds.get(layer.kind)?.form ?? []);
  const shared = (forms[0] ?? []).filter((field: FormField) =>
    forms.every((form) => form.some((other) => other.name === field.name && other.input === field.input)),
  );
  const args: Record<string, Json> = {};
  for (const { name } of shared) {
    const first = layers[0]?.args[name];
    if (first !== undefined && layers.every((layer) => equal(layer.args[name], first))) args[name] = first;
  }
  return (
    <div className="kv-layer-panel">
      <h3>{TEXT.parameters.many(calls.length)}</h3>
      <p className="kv-quiet">{shared.length > 0 ? TEXT.parameters.mixed : TEXT.parameters.noneShared}</p>
      <Form
        key={calls.join()}
        form={shared}
        args={args}
        idPrefix="kv-many"
        onChange={(name, value) => editor.setArg(calls, name, value)}
      />
      <footer className="kv-actions">
        <Button icon="copy" onClick={() => editor.duplicate()}>
          {TEXT.parameters.duplicate}
        </Button>
        <Button icon="trash" look="danger" onClick={() => editor.remove(true)}>
          {TEXT.parameters.delete}
        </Button>
      </footer>
    </div>
  );
}

export function ParametersPanel() {
  const editor = useEditor();
  const selection = useStore(editor.page, selectionOf);
  const request = useStore(editor.page, fieldRequestOf);
  const seen = useRef(request);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (seen.current === request) return;
    seen.current = request;
    const field = (within: string) => box.current?.querySelector<HTMLElement>(`${within}:is(input, select, button)`);
    (field(".kv-form ") ?? field(""))?.focus();
  }, [request]);
  const [only] = selection;
  return (
    <div ref={box}>
      {selection.length === 0 && <Empty>{TEXT.parameters.nothing}</Empty>}
      {selection.length === 1 && only && <One key={only} call={only} />}
      {selection.length > 1 && <Many calls={selection} />}
    </div>
  );
}
