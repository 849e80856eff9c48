import { useEffect, useRef, useState } from "react";

import { useTrait } from "../bridge/useTrait";
import { CallbackPanel } from "../callbacks/CallbackPanel";
import type { View } from "../contract";
import { useEditor } from "../editor/context";
import { EditorPane } from "../editor/EditorPane";
import { InspectorPanel } from "../inspector/InspectorPanel";
import { Charts } from "../training/Charts";
import { isActive, RunBar } from "../training/RunBar";
import { RunFailure } from "../training/RunFailure";
import { TrainingForm } from "../training/TrainingForm";
import { Button } from "../ui/Button";
import { useRemembered } from "../ui/remember";
import { Splitter } from "../ui/Splitter";
import { TEXT } from "../ui/text";
import { SidePanel } from "./SidePanel";

const CURVES = { usual: 208, least: 140, most: 420 };

/** The curves below the canvas, as high as they were last time. */
function CurvesBelow() {
  const [height, setHeight] = useRemembered("curves", CURVES.usual);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const here = box.current?.closest(".kv-root")?.contains(document.activeElement);
    if (here) box.current?.scrollIntoView({ block: "nearest" }); // whoever works elsewhere stays there
  }, []);
  return (
    <div className="kv-below" ref={box} style={{ height }}>
      <Splitter {...CURVES} value={height} label={TEXT.charts.resize} onChange={setHeight} />
      <Charts />
    </div>
  );
}

/** Everything: run bar, editor, curves, side panel. */
export function StudioView({ panning }: { panning: boolean }) {
  const editor = useEditor();
  const [state] = useTrait("state");
  const [curves, setCurves] = useState(state !== "idle");
  const active = isActive(state);
  const ran = state !== "idle"; // a short run is never seen at work
  useEffect(() => {
    if (active) setCurves(true);
  }, [active]);
  useEffect(() => {
    if (ran) setCurves(true);
  }, [ran]);
  return (
    <>
      <RunBar>
        <Button icon="chart" aria-pressed={curves} className="kv-curves-switch" onClick={() => setCurves(!curves)}>
          {TEXT.run.curves}
        </Button>
      </RunBar>
      <RunFailure onShow={(call) => editor.visit(call)} />
      <div className="kv-studio">
        <div className="kv-left">
          <EditorPane panning={panning} />
          {curves && <CurvesBelow />}
        </div>
        <SidePanel names={["parameters", "problems", "training", "callbacks", "inspector", "code"]} />
      </div>
    </>
  );
}

export function EditorView({ panning }: { panning: boolean }) {
  return (
    <div className="kv-studio">
      <div className="kv-left">
        <EditorPane panning={panning} />
      </div>
      <SidePanel names={["parameters", "problems", "code"]} />
    </div>
  );
}

export function TrainingView() {
  return (
    <>
      <RunBar />
      <RunFailure />
      <div className="kv-studio">
        <div className="kv-left">
          <Charts />
        </div>
        <aside className="kv-side kv-padded">
          <TrainingForm />
        </aside>
      </div>
    </>
  );
}

export function CallbacksView() {
  return (
    <div className="kv-padded kv-scroll">
      <CallbackPanel />
    </div>
  );
}

export function InspectorView() {
  return (
    <div className="kv-scroll">
      <InspectorPanel />
    </div>
  );
}

export function ViewOf({ view, panning }: { view: View; panning: boolean }) {
  if (view === "editor") return <EditorView panning={panning} />;
  if (view === "training") return <TrainingView />;
  if (view === "callbacks") return <CallbacksView />;
  if (view === "inspector") return <InspectorView />;
  return <StudioView panning={panning} />;
}
