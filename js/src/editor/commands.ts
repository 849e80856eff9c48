// Every command of the editor by name, with its keys. The key handler, the sheet and the tooltips read this table.

import type { Editor } from "./editor";

export type Group = "Add" | "Wire" | "Select" | "Change" | "View" | "Train";

export interface Command {
  id: string;
  group: Group;
  label: string;
  /** "Mod+Shift+Z": Mod is Ctrl, or Cmd on a Mac. A single letter is without regard to case. */
  keys: string[];
  run(editor: Editor): void;
}

function panel(name: string) {
  return (editor: Editor) => editor.session.setTrait("panel", name);
}

export const COMMANDS: Command[] = [
  { id: "quick-add", group: "Add", label: "Type layers", keys: ["A", "/"], run: (e) => e.openQuickAdd() },
  {
    id: "merge",
    group: "Add",
    label: "Merge the selected layers",
    keys: ["Shift+A"],
    run: (e) => e.openQuickAdd(e.selection.length > 1 ? { merge: [...e.selection] } : {}),
  },
  {
    id: "insert",
    group: "Add",
    label: "Insert on the selected wire",
    keys: ["I"],
    run: (e) => e.insertOnWire(),
  },
  { id: "duplicate", group: "Add", label: "Duplicate", keys: ["Mod+D"], run: (e) => e.duplicate() },
  {
    id: "share",
    group: "Add",
    label: "Use the layer again (shared weights)",
    keys: ["Mod+Shift+D"],
    run: (e) => e.share(),
  },
  { id: "connect", group: "Wire", label: "Connect to…", keys: ["Y"], run: (e) => e.startConnecting() },
  {
    id: "delete",
    group: "Change",
    label: "Delete and heal the chain",
    keys: ["Delete", "Backspace"],
    run: (e) => e.remove(true),
  },
  {
    id: "cut-out",
    group: "Change",
    label: "Delete without healing",
    keys: ["Shift+Delete"],
    run: (e) => e.remove(false),
  },
  { id: "edit", group: "Change", label: "Edit the parameters", keys: ["Enter"], run: (e) => e.editFields() },
  { id: "replace", group: "Change", label: "Replace by another layer", keys: ["S"], run: (e) => e.startReplacing() },
  { id: "undo", group: "Change", label: "Undo", keys: ["Mod+Z"], run: (e) => e.undo() },
  { id: "redo", group: "Change", label: "Redo", keys: ["Mod+Shift+Z", "Mod+Y"], run: (e) => e.redo() },
  { id: "copy", group: "Change", label: "Copy", keys: ["Mod+C"], run: () => {} },
  { id: "cut", group: "Change", label: "Cut", keys: ["Mod+X"], run: () => {} },
  { id: "paste", group: "Change", label: "Paste", keys: ["Mod+V"], run: () => {} },
  { id: "paste-wired", group: "Change", label: "Paste with incoming wires", keys: ["Mod+Shift+V"], run: () => {} },
  { id: "all", group: "Select", label: "Select all", keys: ["Mod+A"], run: (e) => e.selectAll() },
  { id: "invert", group: "Select", label: "Invert the selection", keys: ["Mod+I"], run: (e) => e.invert() },
  {
    id: "upstream",
    group: "Select",
    label: "Select what comes before",
    keys: ["U"],
    run: (e) => e.selectRelated("upstream"),
  },
  {
    id: "downstream",
    group: "Select",
    label: "Select what follows",
    keys: ["Shift+U"],
    run: (e) => e.selectRelated("downstream"),
  },
  { id: "next-problem", group: "View", label: "Next problem", keys: ["E"], run: (e) => e.nextProblem(false) },
  { id: "last-problem", group: "View", label: "Previous problem", keys: ["Shift+E"], run: (e) => e.nextProblem(true) },
  {
    id: "fit",
    group: "View",
    label: "Fit the selection, or all",
    keys: ["F", "."],
    run: (e) => e.viewport.fit(e.selection),
  },
  { id: "find", group: "View", label: "Find in the graph", keys: ["Mod+F"], run: (e) => e.page.set({ finding: true }) },
  { id: "actual", group: "View", label: "Zoom to 100 %", keys: ["0"], run: (e) => e.viewport.zoom("reset") },
  { id: "zoom-in", group: "View", label: "Zoom in", keys: ["+", "="], run: (e) => e.viewport.zoom(1.25) },
  { id: "zoom-out", group: "View", label: "Zoom out", keys: ["-"], run: (e) => e.viewport.zoom(0.8) },
  { id: "arrange", group: "View", label: "Arrange all", keys: ["L", "Shift+L"], run: (e) => e.arrange() },
  { id: "code", group: "View", label: "Show the code", keys: ["X"], run: panel("code") },
  { id: "training", group: "View", label: "Show the training panel", keys: ["T"], run: panel("training") },
  { id: "problems", group: "View", label: "Show the problems", keys: [], run: panel("problems") },
  { id: "inspector", group: "View", label: "Look inside the model", keys: [], run: panel("inspector") },
  {
    id: "sheet",
    group: "View",
    label: "Keys and commands",
    keys: ["?", "Mod+K"],
    run: (e) => e.page.set({ sheet: true }),
  },
  { id: "run", group: "Train", label: "Run", keys: ["Mod+Enter"], run: (e) => e.runOrResume() },
  { id: "pause", group: "Train", label: "Pause", keys: [], run: (e) => e.command("pause") },
  { id: "step", group: "Train", label: "One batch", keys: [], run: (e) => e.command("step") },
  { id: "step-epoch", group: "Train", label: "To the end of the epoch", keys: [], run: (e) => e.command("step_epoch") },
  { id: "stop", group: "Train", label: "Stop", keys: ["Mod+."], run: (e) => e.stop("now") },
];

export interface Press {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
  altKey: boolean;
}

/** The name of a key press as the table writes it. Shift is left out where it only makes the character. */
export function pressed(press: Press): string {
  const mod = press.ctrlKey || press.metaKey ? "Mod+" : "";
  const letter = press.key.length === 1;
  const name = letter ? press.key.toUpperCase() : press.key;
  const cased = !letter || /[A-Z]/i.test(press.key);
  return `${mod}${press.shiftKey && cased ? "Shift+" : ""}${name}`;
}

const BY_KEY = new Map(COMMANDS.flatMap((command) => command.keys.map((key) => [key, command] as const)));

export function commandFor(press: Press): Command | undefined {
  return press.altKey ? undefined : BY_KEY.get(pressed(press));
}

/** Commands whose words contain what was typed. */
export function findCommands(query: string): Command[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return COMMANDS.filter((command) =>
    words.every((word) => `${command.label} ${command.group}`.toLowerCase().includes(word)),
  );
}

export function keyNames(key: string, mac: boolean): string[] {
  const names: Record<string, string> = {
    Mod: mac ? "⌘" : "Ctrl",
    Delete: "Del",
    Backspace: "⌫",
    Shift: "Shift",
    Enter: "Enter",
  };
  return key.split(/\+(?=.)/).map((part) => names[part] ?? part);
}
