import type { ReactNode } from "react";

import { useSession } from "../bridge/context";
import { useStore } from "../bridge/store";
import { useTrait } from "../bridge/useTrait";
import { CallbackPanel } from "../callbacks/CallbackPanel";
import { CodePanel } from "../editor/CodePanel";
import { useEditor } from "../editor/context";
import { ParametersPanel } from "../editor/ParametersPanel";
import { ProblemsPanel } from "../editor/ProblemsPanel";
import { problemsOf, sorted } from "../editor/selectors";
import { InspectorPanel } from "../inspector/InspectorPanel";
import { TrainingForm } from "../training/TrainingForm";
import { type Tab, Tabs } from "../ui/Tabs";
import { TEXT } from "../ui/text";

export type PanelName = keyof typeof TEXT.tabs &
  ("parameters" | "problems" | "training" | "callbacks" | "inspector" | "code");

/** The side panel: one tab for each thing to do. */
export function SidePanel({ names }: { names: PanelName[] }) {
  const editor = useEditor();
  const [panel, setPanel] = useTrait("panel");
  const problems = useStore(useSession().shared, problemsOf);
  const active = names.find((name) => name === panel) ?? names[0] ?? "parameters";
  const views: Record<PanelName, () => ReactNode> = {
    parameters: () => <ParametersPanel />,
    problems: () => <ProblemsPanel />,
    training: () => <TrainingForm />,
    callbacks: () => <CallbackPanel />,
    inspector: () => <InspectorPanel onVisit={(call) => editor.visit(call)} />,
    code: () => <CodePanel />,
  };
  const tabs = names.map((id): Tab => {
    const worst = sorted(problems)[0]?.severity;
    return { id, label: TEXT.tabs[id], ...(id === "problems" && worst && { badge: problems.length, tone: worst }) };
  });
  return (
    <aside className="kv-side" aria-label={TEXT.tabs.label}>
      <Tabs tabs={tabs} active={active} label={TEXT.tabs.label} onChange={setPanel}>
        {views[active]()}
      </Tabs>
    </aside>
  );
}
