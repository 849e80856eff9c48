import { ReactFlowProvider } from "@xyflow/react";

import { useStore } from "../bridge/store";
import { IconButton } from "../ui/Button";
import { Icon } from "../ui/icons";
import { FailureNote } from "../ui/Notice";
import { TEXT } from "../ui/text";
import { Canvas } from "./Canvas";
import { ConnectList } from "./ConnectList";
import { useEditor } from "./context";
import { EmptyState } from "./EmptyState";
import { FindList } from "./FindList";
import { Palette } from "./Palette";
import { QuickAddBox } from "./QuickAdd";
import { paletteOf, refusalOf, refusedOf } from "./selectors";
import { Toolbar } from "./Toolbar";

/** Why something was not done: by the kernel, in four parts, or by the page. */
function Refusal() {
  const { page, session } = useEditor();
  const refusal = useStore(page, refusalOf);
  const refused = useStore(session.shared, refusedOf);
  if (refused) {
    return (
      <div className="kv-refused">
        <FailureNote failure={refused} />
        <IconButton icon="close" label={TEXT.run.dismiss} onClick={() => session.shared.set({ refused: null })} />
      </div>
    );
  }
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
            <FindList />
            <Refusal />
          </div>
        </div>
      </div>
    </ReactFlowProvider>
  );
}
