import { useState } from "react";

import { useTrait } from "../bridge/useTrait";
import { isActive } from "../training/RunBar";
import { Empty } from "../ui/Notice";
import { Tabs } from "../ui/Tabs";
import { TEXT } from "../ui/text";
import { Activations } from "./Activations";
import { LayerTable } from "./LayerTable";
import { Results } from "./Results";
import { Weights } from "./Weights";

type Section = "layers" | "weights" | "activations" | "results";

const SECTIONS: Section[] = ["layers", "weights", "activations", "results"];

/** Looks again when an epoch ends or the run changes its state, never at every batch. */
function useOccasion(): string {
  const [epoch] = useTrait("epoch");
  const [state] = useTrait("state");
  return `${epoch}:${isActive(state)}:${state === "paused"}`;
}

export function InspectorPanel({ onVisit }: { onVisit?(call: string): void }) {
  const [section, setSection] = useState<Section>("layers");
  const [selection] = useTrait("selection");
  const [inspected, setInspected] = useTrait("inspected");
  const [, setSample] = useTrait("sample_index");
  const occasion = useOccasion();
  const call = inspected ?? selection.at(-1) ?? null;
  const choose = (id: string) => {
    if (onVisit) onVisit(id);
    else setInspected(id);
  };
  return (
    <Tabs
      small
      label={TEXT.inspect.sections}
      active={section}
      onChange={(id) => setSection(SECTIONS.find((name) => name === id) ?? "layers")}
      tabs={SECTIONS.map((id) => ({ id, label: TEXT.inspect[id] }))}
    >
      {(section === "weights" || section === "activations") && call && <p className="kv-inspected">{call}</p>}
      {section === "layers" && <LayerTable chosen={call} onChoose={choose} />}
      {section === "weights" &&
        (call ? <Weights call={call} occasion={occasion} /> : <Empty>{TEXT.inspect.choose}</Empty>)}
      {section === "activations" &&
        (call ? <Activations call={call} occasion={occasion} /> : <Empty>{TEXT.inspect.choose}</Empty>)}
      {section === "results" && (
        <Results
          occasion={occasion}
          onSample={(index) => {
            setSample(index);
            setSection("activations");
          }}
        />
      )}
    </Tabs>
  );
}
