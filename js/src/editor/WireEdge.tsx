import { BaseEdge, EdgeLabelRenderer, type EdgeProps } from "@xyflow/react";
import { memo, useState } from "react";

import { useSession } from "../bridge/context";
import { useSlice } from "../bridge/store";
import { grouped, shapeChip, shapeTuple, valuesIn } from "../graph/format";
import { Icon } from "../ui/icons";
import { TEXT } from "../ui/text";
import { useEditor } from "./context";
import { drawn, type WireEdge as Wire } from "./flow";
import { isHotWire, titleIn } from "./selectors";

export const WireEdge = memo(function WireEdge({
  id,
  data,
  selected,
  sourceX,
  sourceY,
  targetX,
  targetY,
  markerEnd,
}: EdgeProps<Wire>) {
  const editor = useEditor();
  const hot = useSlice(editor.page, isHotWire, id);
  const [hovered, setHovered] = useState(false);
  const { shared } = useSession();
  const from = useSlice(shared, titleIn, data?.wire.source ?? "");
  const to = useSlice(shared, titleIn, data?.wire.target ?? "");
  if (!data) return null;
  const { d, label } = drawn(
    data.path ?? [
      [sourceX, sourceY],
      [targetX, targetY],
    ],
    data.vertical,
    data.aside,
  );
  const { wire, shape, dtype } = data;
  const values = shape && valuesIn(shape);
  const title = shape ? `${shapeTuple(shape)} ${dtype ?? ""}${values ? `, ${grouped(values)} values` : ""}` : undefined;
  const name = TEXT.canvas.wire(from, to);
  const classes = [
    "kv-wire-label",
    "nopan",
    "nodrag",
    hot && "is-hot",
    selected && "is-selected",
    hovered && "is-hovered",
  ];
  return (
    <>
      <g
        className={hot ? "kv-wire is-hot" : "kv-wire"}
        data-wire={id}
        onPointerEnter={() => setHovered(true)}
        onPointerLeave={() => setHovered(false)}
      >
        <BaseEdge id={id} path={d} markerEnd={markerEnd} interactionWidth={22} />
      </g>
      <EdgeLabelRenderer>
        <div
          className={classes.filter(Boolean).join(" ")}
          style={{ transform: `translate(-50%, -50%) translate(${label[0]}px, ${label[1]}px)` }}
          data-wire={id}
          title={title}
          onPointerEnter={() => setHovered(true)}
          onPointerLeave={() => setHovered(false)}
        >
          <button
            type="button"
            className="kv-chip"
            tabIndex={-1}
            aria-label={name}
            onClick={() => editor.select([], id)}
          >
            {shape ? shapeChip(shape) : "?"}
            {dtype && dtype !== "float32" && <em>{dtype}</em>}
          </button>
          <button
            type="button"
            className="kv-insert"
            tabIndex={-1}
            aria-label={TEXT.canvas.insertHere}
            title={TEXT.canvas.insertHere}
            onClick={() => editor.openQuickAdd({ on: wire })}
          >
            <Icon name="plus" size={12} />
          </button>
        </div>
      </EdgeLabelRenderer>
    </>
  );
});
