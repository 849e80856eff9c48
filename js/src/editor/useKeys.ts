import { type KeyboardEvent, useRef, useState } from "react";

import type { Arrow } from "../graph/navigate";
import { commandFor } from "./commands";
import type { Editor } from "./editor";

const ARROWS: Record<string, [number, number]> = {
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
};
const CLIPBOARD = new Set(["copy", "cut", "paste", "paste-wired"]); // by the browser's own events
const ANYWHERE = new Set(["run", "stop", "sheet", "undo", "redo", "find"]);

function isEditable(target: EventTarget): boolean {
  return target instanceof Element && target.closest("input, textarea, select, [contenteditable=true]") !== null;
}

/** On the canvas, though not where a link or a button there takes the key itself. */
function isOnCanvas({ target, key }: KeyboardEvent): boolean {
  if (!(target instanceof Element) || !target.closest(".kv-canvas") || target.closest("a")) return false;
  return target.closest("button") === null || (key !== "Enter" && key !== " ");
}

/** Keys that belong to the notebook even here: saving it, and running the cell. */
function isForNotebook(event: KeyboardEvent): boolean {
  const mod = event.ctrlKey || event.metaKey;
  return (mod && event.key.toLowerCase() === "s") || (event.shiftKey && event.key === "Enter");
}

/** Keys of the whole widget, on its root: none that it handles reaches the notebook. */
export function useKeys(editor: Editor) {
  const [panning, setPanning] = useState(false);
  const escaped = useRef(0);

  const arrow = (event: KeyboardEvent): boolean => {
    const way = ARROWS[event.key];
    if (!way) return false;
    if (event.ctrlKey || event.metaKey) {
      const size = event.shiftKey ? 1 : 8;
      editor.nudge(way[0] * size, way[1] * size);
    } else editor.walk(event.key as Arrow);
    return true;
  };

  /** Escape closes and deselects; a second one, or with Shift, gives the keys back to the notebook. */
  const leave = (event: KeyboardEvent): boolean => {
    const twice = event.timeStamp - escaped.current < 700;
    escaped.current = event.timeStamp;
    if (!twice && !event.shiftKey) {
      editor.session.shared.set({ refused: null });
      editor.select([]);
      return true;
    }
    if (event.target instanceof HTMLElement) event.target.blur();
    return false;
  };

  const onCanvas = (event: KeyboardEvent): boolean => {
    if (event.key === " ") {
      setPanning(true);
      return true;
    }
    if (event.key === "Tab") return editor.tab(event.shiftKey);
    return arrow(event);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (isForNotebook(event)) return;
    if (event.key === "Escape" && !isEditable(event.target)) {
      if (leave(event)) event.stopPropagation();
      return;
    }
    event.stopPropagation();
    const canvas = isOnCanvas(event);
    if (canvas && onCanvas(event)) {
      event.preventDefault();
      return;
    }
    const command = commandFor(event);
    if (!command || CLIPBOARD.has(command.id)) return;
    const editable = isEditable(event.target);
    const allowed = canvas || (ANYWHERE.has(command.id) && (event.ctrlKey || event.metaKey));
    if (!allowed || (editable && (command.id === "undo" || command.id === "redo"))) return;
    event.preventDefault();
    command.run(editor);
  };

  const onKeyUp = (event: KeyboardEvent) => {
    event.stopPropagation();
    if (event.key === " ") setPanning(false);
  };
  return { panning, onKeyDown, onKeyUp };
}
