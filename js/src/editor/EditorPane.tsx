import { ReactFlowProvider } from "@xyflow/react";

import { useStore } from "../bridge/store";
import { Icon } from "../ui/icons";
import { Canvas } from "./Canvas";
import { ConnectList } from "./ConnectList";
import { useEditor } from "./context";
import { EmptyState } from "./EmptyState";
import { Palette } from "./Palette";
import { QuickAddBox } from "./QuickAdd";
import { paletteOf, refusalOf } from "./selectors";
import { Toolbar } from "./Toolbar";

function Refusal() {
  const refusal = useStore(useEditor().page, refusalOf);
  return refusal ? (
    <div className="kv-refusal">
      <Icon name="warning" size={14} />
      {refusal}
    </div>
  ) : null;
}

/** Palette, canvas and what floats over it. */
export function EditorPane({ panning }: { panning: boolean }) {
  const palette = useStore(useEditor().page, paletteOf);
  return (
    <ReactFlowProvider>
      <div className="kv-editor" data-palette={palette}>
        <Palette />
        <div className="kv-stage">
          <Toolbar />
          <div className="kv-floor">
            <Canvas panning={panning} />
            <EmptyState />
            <QuickAddBox />
            <ConnectList />
            <Refusal />
          </div>
        </div>
      </div>
    </ReactFlowProvider>
  );
}
