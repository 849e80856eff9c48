import type { NodeProps } from "@xyflow/react";

import { brief, shapeChip } from "../graph/format";
import { FamilyIcon } from "../ui/icons";
import { useEditor } from "./context";
import type { GhostNode as Ghost } from "./flow";

/** A layer that is being typed and not yet there. */
export function GhostNode({ data }: NodeProps<Ghost>) {
  const family = useEditor().kinds.get(data.kind)?.category ?? "other";
  return (
    <div className={`kv-node kv-ghost kv-family-${family}`} aria-hidden="true">
      <span className="kv-node-icon">
        <FamilyIcon family={family} />
      </span>
      <span className="kv-node-words">
        <span className="kv-node-title">
          <span className="kv-node-kind">{data.kind}</span>
        </span>
        <span className="kv-node-args">
          {Object.values(data.args)
            .slice(0, 3)
            .map((value) => brief(value))
            .join(" · ")}
        </span>
      </span>
      {data.shape && <span className="kv-chip kv-sink-chip">{shapeChip(data.shape)}</span>}
    </div>
  );
}
