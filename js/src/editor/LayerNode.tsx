import { Handle, type NodeProps, Position } from "@xyflow/react";
import { memo, useEffect, useRef } from "react";

import { useSession } from "../bridge/context";
import { useSlice, useStore } from "../bridge/store";
import { useTrait } from "../bridge/useTrait";
import type { CallAnalysis, Json, LayerData, LayerSpec } from "../contract";
import { type Graph, sourcesOf, titleOf } from "../graph/document";
import { brief, count, grouped, shapeChip, shapeTuple, shapeWords } from "../graph/format";
import { FamilyIcon, Icon } from "../ui/icons";
import { TEXT } from "../ui/text";
import { useEditor } from "./context";
import type { CallNode } from "./flow";
import { analysisOf, focusRequestOf, isBlamed, isFocused, isHot, isSinkOf, layerOfCall, sorted } from "./selectors";
import { useFit } from "./useFit";

const SILENT = new Set<Json | undefined>([undefined, null, false, "", "linear", "float32"]);

/** The arguments that say most about a layer, in a few letters. */
/** What stands between the parts of a list; × for sizes. */
const BETWEEN: Record<string, string> = { layers: " › ", list: ", ", numbers: ", " };

export function keyArguments(layer: LayerData, spec: LayerSpec | undefined): string {
  const names = spec?.key_args.length ? spec.key_args : Object.keys(layer.args).slice(0, 2);
  const words = names.flatMap((name): string[] => {
    const field = spec?.form.find((other) => other.name === name);
    const value = layer.args[name] ?? field?.default;
    const count = field?.input === "sizes" ? (field.count ?? 1) : 1;
    if (SILENT.has(value)) return [];
    if (value === true) return [name.replaceAll("_", " ")];
    const whole = typeof value === "number" && count > 1 ? new Array<Json>(count).fill(value) : value;
    return [brief(whole, BETWEEN[field?.input ?? ""])];
  });
  return words.slice(0, 3).join(" · ");
}

function described(
  graph: Graph,
  id: string,
  layer: LayerData,
  found: CallAnalysis | undefined,
  calls: ReadonlyMap<string, CallAnalysis>,
): string {
  const parts = [`${layer.kind} ${titleOf(graph, id)}`];
  for (const source of sourcesOf(graph, id)) {
    const shape = calls.get(source)?.shapes?.[0];
    parts.push(TEXT.node.input(shape ? shapeWords(shape) : "", titleOf(graph, source)));
  }
  if (found?.shapes?.[0]) parts.push(TEXT.node.output(shapeWords(found.shapes[0])));
  if (found?.params) parts.push(TEXT.node.parameters(grouped(found.params)));
  if (found?.problems.length) parts.push(`${TEXT.node.errors(found.problems.length)}: ${found.problems[0]?.message}`);
  return parts.join(", ");
}

/** The worst problem in words; a mere hint is only an icon beside the title. */
function Problems({ found }: { found: CallAnalysis }) {
  const [first, ...others] = sorted(found.problems);
  if (!first || first.severity === "hint") return null;
  return (
    <div className={`kv-node-problem kv-tone-${first.severity}`} title={first.message}>
      <Icon name={first.severity} size={13} />
      <span>{first.message}</span>
      {others.length > 0 && <b>+{others.length}</b>}
    </div>
  );
}

function Outputs({ found, isSink, down }: { found: CallAnalysis | undefined; isSink: boolean; down: boolean }) {
  const shapes = found?.shapes ?? [null];
  return (
    <>
      {shapes.map((shape, index) => {
        const place = `${((index + 1) / (shapes.length + 1)) * 100}%`;
        return (
          <Handle
            // biome-ignore lint/suspicious/noArrayIndexKey: an output is its index
            key={index}
            id={`out-${index}`}
            type="source"
            position={down ? Position.Bottom : Position.Right}
            style={down ? { left: place } : { top: place }}
            title={shape ? shapeTuple(shape) : undefined}
          />
        );
      })}
      {isSink && shapes[0] && (
        <span className="kv-chip kv-sink-chip" title={`${shapeTuple(shapes[0])} ${found?.dtype ?? ""}`}>
          {shapeChip(shapes[0])}
        </span>
      )}
    </>
  );
}

export const LayerNode = memo(function LayerNode({ id, selected }: NodeProps<CallNode>) {
  const editor = useEditor();
  const session = useSession();
  const layer = useSlice(session.shared, layerOfCall, id);
  const found = useSlice(session.shared, analysisOf, id);
  const isSink = useSlice(session.shared, isSinkOf, id);
  const focused = useSlice(editor.page, isFocused, id);
  const blamed = useSlice(editor.page, isBlamed, id);
  const hot = useSlice(editor.page, isHot, id);
  const request = useStore(editor.page, focusRequestOf);
  const fit = useFit(id);
  const [direction] = useTrait("direction");
  const [error] = useTrait("error");
  const body = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a request may name this node
  useEffect(() => {
    if (editor.takesFocus(id)) body.current?.focus({ preventScroll: true });
  }, [editor, id, focused, request]);
  if (!layer) return null;
  const spec = editor.kinds.get(layer.kind);
  const { graph, calls } = session.shared.get();
  const worst = found && sorted(found.problems)[0]?.severity;
  const failed = error?.call === id;
  const summary = keyArguments(layer, spec);
  const title = titleOf(graph, id);
  const classes = [
    "kv-node",
    `kv-family-${spec?.category ?? "other"}`,
    selected && "is-selected",
    worst && `has-${worst}`,
    failed && "has-error",
    blamed && "is-blamed",
    hot && "is-hot",
    focused && "is-focused",
    fit && `is-${fit.state}`,
  ];
  return (
    <div
      ref={body}
      className={classes.filter(Boolean).join(" ")}
      data-call={id}
      role="group"
      aria-roledescription="layer"
      tabIndex={focused ? 0 : -1}
      aria-label={described(graph, id, layer, found, calls)}
      title={fit?.reason ?? undefined}
      onFocus={() => editor.page.get().focused !== id && editor.page.set({ focused: id })}
    >
      {spec?.inputs.max !== 0 && (
        <Handle id="in" type="target" position={direction === "down" ? Position.Top : Position.Left} />
      )}
      <span className="kv-node-icon">
        <FamilyIcon family={spec?.category ?? "other"} />
      </span>
      <span className="kv-node-words">
        <span className="kv-node-title">
          <span className="kv-node-kind">{layer.kind}</span>
          {worst === "hint" && (
            <span className="kv-tone-hint kv-node-hint" title={found?.problems[0]?.message}>
              <Icon name="hint" size={13} />
            </span>
          )}
          {found && found.params > 0 && (
            <span className="kv-pill" title={TEXT.node.parameters(grouped(found.params))}>
              {count(found.params)}
            </span>
          )}
        </span>
        <span className="kv-node-args">
          {fit?.short ?? (summary || <span className="kv-node-name">{title}</span>)}
          {id !== layer.id && (
            <span className="kv-shared" title={TEXT.node.shared}>
              {title}
            </span>
          )}
        </span>
      </span>
      {found && <Problems found={found} />}
      <Outputs found={found} isSink={isSink} down={direction === "down"} />
    </div>
  );
});
