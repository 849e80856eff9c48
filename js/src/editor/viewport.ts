// Which part of the graph the canvas shows.

import { useReactFlow } from "@xyflow/react";
import { type RefObject, useEffect } from "react";

import { ordered } from "../graph/document";
import {
  around,
  fitted,
  type Insets,
  NODE_HEIGHT,
  NODE_WIDTH,
  type Rect,
  rectAt,
  started,
  type View,
} from "../graph/geometry";
import { useEditor } from "./context";
import type { Editor } from "./editor";
import type { FlowNode, WireEdge as Wire } from "./flow";

/** What floats over the canvas: below, the box for typing. */
const INSETS: Insets = { top: 20, right: 28, bottom: 66, left: 28 };
const CHIP = 30; // below the last node, its shape
const LEAST = 0.22; // smaller, nothing can be told apart: show the start

type Heights = ReadonlyMap<string, number>;

function rectsOf(editor: Editor, heights: Heights, ids: Iterable<string>): Rect[] {
  return [...ids].flatMap((id) => {
    const at = editor.graph.positions.get(id);
    return at ? [rectAt(at, (heights.get(id) ?? NODE_HEIGHT) + CHIP)] : [];
  });
}

/** All of the graph; `readable`: its start, where all would be too small. */
function viewOf(editor: Editor, heights: Heights, ids: readonly string[], readable: boolean): View | null {
  const canvas = editor.canvasSize();
  const all = [...editor.graph.calls.keys()];
  const bounds = around(rectsOf(editor, heights, ids.length > 0 ? ids : all));
  if (!bounds || !canvas || canvas.width === 0) return null;
  const whole = fitted(bounds, canvas, INSETS);
  if (!readable || whole.zoom >= LEAST) return whole;
  const [first] = rectsOf(editor, heights, ordered(editor.graph).slice(0, 1));
  return first ? started(first, canvas, INSETS, editor.direction === "down") : whole;
}

/** Lends the viewport to the commands of the editor. `moved`: the person has chosen the view. */
export function useViewport(moved: RefObject<boolean>) {
  const editor = useEditor();
  const flow = useReactFlow<FlowNode, Wire>();
  useEffect(() => {
    const duration = matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 200;
    const heights = () => new Map(flow.getNodes().map((node) => [node.id, node.measured?.height ?? NODE_HEIGHT]));
    let goal: number | null = null; // of the zoom under way: the next key goes on from there
    const show = (id: string) => {
      const at = editor.graph.positions.get(id);
      const { x, y, zoom } = flow.getViewport();
      const box = editor.canvasSize();
      if (!at || !box) return;
      const left = at[0] * zoom + x;
      const top = at[1] * zoom + y;
      const inside =
        left > 8 && top > 8 && left + NODE_WIDTH * zoom < box.width - 8 && top + NODE_HEIGHT * zoom < box.height - 64;
      if (inside) return;
      flow.setCenter(at[0] + NODE_WIDTH / 2, at[1] + NODE_HEIGHT / 2, { zoom: Math.max(zoom, 0.6), duration });
    };
    editor.viewport = {
      show,
      heights,
      fit: (ids = []) => {
        const view = viewOf(editor, heights(), ids, false);
        if (!view) return;
        moved.current = ids.length > 0;
        flow.setViewport(view, { duration });
      },
      refit: () => {
        if (moved.current || editor.graph.calls.size < 2) return; // one alone was put where it is
        const view = viewOf(editor, heights(), [], true);
        if (view) flow.setViewport(view);
      },
      zoom: (factor) => {
        const wanted = factor === "reset" ? 1 : (goal ?? flow.getZoom()) * factor;
        goal = wanted;
        flow.zoomTo(wanted, { duration }).finally(() => {
          if (goal === wanted) goal = null;
        });
      },
    };
  }, [editor, flow, moved]);
  return flow;
}
