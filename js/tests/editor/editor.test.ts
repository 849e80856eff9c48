import { adoptUserNodes, type InternalNodeBase } from "@xyflow/system";
import { expect, test } from "vitest";

import type { Model } from "../../src/bridge/context";
import { Refusal } from "../../src/bridge/request";
import { Session } from "../../src/bridge/session";
import type { PageMessage, Traits } from "../../src/contract";
import { COMMANDS, commandFor, findCommands, pressed } from "../../src/editor/commands";
import { Editor } from "../../src/editor/editor";
import { callNodes, drawn, type FlowNode } from "../../src/editor/flow";
import { toData } from "../../src/graph/document";
import { graphOf, KINDS, textOf } from "../graph/models";

function start(text: string) {
  const sent: PageMessage[] = [];
  const traits: Partial<Traits> = { catalog: { layers: [...KINDS.values()] } as Traits["catalog"] };
  let receive = (_message: unknown, _buffers: DataView[]) => {};
  const model = {
    get: (name: keyof Traits) => traits[name],
    set: (name: string, value: unknown) => Object.assign(traits, { [name]: value }),
    save_changes: () => {},
    on: (_name: string, listener: typeof receive) => {
      receive = listener;
    },
    off: () => {},
    send: (message: PageMessage) => sent.push(message),
  };
  const editor = new Editor(new Session(model as unknown as Model));
  const analysis = { rev: 0, calls: {}, totals: { params: 0, trainable: 0, macs: 0, memory_bytes: 0 }, problems: [] };
  const graph = graphOf(text);
  receive(
    {
      type: "document",
      revision: 0,
      document: toData(graph),
      positions: Object.fromEntries(graph.positions),
      analysis,
    },
    [],
  );
  return { editor, sent, traits };
}

test("an appended layer follows the selected one, and is selected then", () => {
  const { editor, traits } = start("a b<a c<a");
  editor.select(["b"]);
  editor.append("Dense");
  expect(textOf(editor.graph)).toBe("a b<a c<a dense<b");
  expect(traits.selection).toEqual(["dense"]);
});

test("with nothing selected it follows the end of the graph", () => {
  const { editor } = start("a b<a");
  editor.append("Dense");
  expect(textOf(editor.graph)).toBe("a b<a dense<b");
});

test("an illegal wire is refused with its reason and sends nothing", () => {
  const { editor, sent } = start("x a<x b<a");
  expect(editor.connect(["b", 0], "a")).toBe(false);
  expect(editor.page.get().refusal).toContain("circle");
  expect(sent).toEqual([{ type: "hello" }]);
});

test("what is copied can be pasted where the clipboard cannot be read", () => {
  const { editor } = start("a b<a");
  editor.select(["b"]);
  editor.copy();
  editor.paste("");
  expect(textOf(editor.graph)).toBe("a b<a dense");
});

test("deleting moves the focus to what came before", () => {
  const { editor } = start("a b<a c<b");
  editor.visit("b");
  editor.remove(true);
  expect(textOf(editor.graph)).toBe("a c<a");
  expect(editor.page.get().focused).toBe("a");
});

test("with a wire selected, deleting cuts it", () => {
  const { editor } = start("a b<a");
  editor.select([], "b:0");
  editor.remove(true);
  expect(textOf(editor.graph)).toBe("a b");
});

test("a request for the focus is met once, and given up for a form", () => {
  const { editor } = start("a b<a");
  editor.focus("b");
  expect([editor.takesFocus("a"), editor.takesFocus("b"), editor.takesFocus("b")]).toEqual([false, true, false]);
  editor.focus("b");
  editor.editFields();
  expect(editor.takesFocus("b")).toBe(false);
});

test("the kernel's echo of a selection leaves the chosen wire", () => {
  const { editor } = start("a b<a");
  editor.select([], "b:0");
  editor.adopt([]);
  expect(editor.page.get().wire).toBe("b:0");
  editor.adopt(["a"]);
  expect(editor.selection).toEqual(["a"]);
});

test("a wire's end can be moved to another layer", () => {
  const { editor } = start("a b<a c<b x");
  editor.rewire({ id: "b:0", source: "a", output: 0, target: "b", slot: 0 }, ["x", 0], "b");
  expect(textOf(editor.graph)).toBe("a b<x c<b x");
});

test("moving nothing sends nothing, and nudges undo as one", () => {
  const { editor, sent } = start("a");
  editor.move(new Map([["a", [0, 0]]]));
  expect(sent).toHaveLength(1);
  editor.select(["a"]);
  editor.nudge(8, 0);
  editor.nudge(8, 0);
  const patches = sent.filter((message) => message.type === "patch");
  expect(new Set(patches.map(({ patch }) => patch.coalesce)).size).toBe(1);
});

test("inverting and related layers are selected", () => {
  const { editor } = start("a b<a c<b");
  editor.select(["b"]);
  editor.invert();
  expect(editor.selection).toEqual(["a", "c"]);
  editor.select(["a"]);
  editor.selectRelated("downstream");
  expect([...editor.selection].sort()).toEqual(["a", "b", "c"]);
});

test("what happens is announced", () => {
  const { editor } = start("a");
  editor.append("Dense");
  expect(editor.page.get().announcement).toBe("Add Dense");
});

const press = (key: string, mods: Partial<Record<"ctrlKey" | "metaKey" | "shiftKey" | "altKey", boolean>> = {}) => ({
  key,
  ctrlKey: false,
  metaKey: false,
  shiftKey: false,
  altKey: false,
  ...mods,
});

test.each([
  ["a", {}, "quick-add"],
  ["A", { shiftKey: true }, "merge"],
  ["/", {}, "quick-add"],
  ["/", { shiftKey: true }, "quick-add"],
  ["?", { shiftKey: true }, "sheet"],
  ["z", { ctrlKey: true }, "undo"],
  ["Z", { metaKey: true, shiftKey: true }, "redo"],
  ["Delete", {}, "delete"],
  ["Delete", { shiftKey: true }, "cut-out"],
  ["Enter", { ctrlKey: true }, "run"],
  [".", { metaKey: true }, "stop"],
  ["y", {}, "connect"],
  ["E", { shiftKey: true }, "last-problem"],
])("the key %s with %j is %s", (key, mods, id) => {
  expect(commandFor(press(key, mods))?.id).toBe(id);
});

test("keys with Alt are the browser's", () => {
  expect(commandFor(press("a", { altKey: true }))).toBeUndefined();
});

test("no key has two commands", () => {
  const keys = COMMANDS.flatMap((command) => command.keys);
  expect(keys).toHaveLength(new Set(keys).size);
  expect(pressed(press("d", { ctrlKey: true }))).toBe("Mod+D");
});

test("commands are found by their words", () => {
  expect(findCommands("zoom in").map(({ id }) => id)).toEqual(["zoom-in"]);
});

test("a replaced layer is selected, after the gone one has left the kernel's selection", () => {
  const { editor, traits } = start("a b<a c<b");
  editor.select(["b"]);
  editor.startReplacing();
  expect(editor.page.get().quickAdd).toEqual({ replace: "b" });
  editor.replace("b", { kind: "Conv2D" });
  expect(textOf(editor.graph)).toBe("a conv2d<a c<conv2d");
  expect(traits.selection).toEqual(["conv2d"]);
});

test("a refusal in four parts is kept, a plain one is said", () => {
  const { editor } = start("a");
  editor.fail(new Refusal({ message: "No.", expected: "a", got: "b" }));
  expect(editor.session.shared.get().refused?.got).toBe("b");
  editor.fail(new Error("Gone."));
  expect(editor.page.get().refusal).toBe("Gone.");
});

test("a straight wire has its label in the middle, one through a lane in the lane", () => {
  expect(
    drawn(
      [
        [0, 0],
        [0, 100],
      ],
      true,
    ).label,
  ).toEqual([0, 50]);
  expect(
    drawn(
      [
        [0, 0],
        [0, 14],
        [50, 28],
        [50, 172],
        [0, 186],
        [0, 200],
      ],
      true,
    ).label,
  ).toEqual([50, 100]);
});

test("a layer keeps its handles when it is picked before the canvas has told its size", () => {
  const graph = graphOf("dense 4 > dense 2");
  const last = [...graph.calls.keys()].at(-1) as string;
  const known = new Map<string, InternalNodeBase<FlowNode>>();
  const added = callNodes([], graph, []);
  adoptUserNodes(added, known, new Map());
  const handleBounds = { source: [], target: [] };
  for (const node of known.values()) node.internals.handleBounds = handleBounds; // measured, and not told yet
  adoptUserNodes(callNodes(added, graph, [last]), known, new Map());
  expect(known.get(last)?.selected).toBe(true);
  expect(known.get(last)?.internals.handleBounds).toBe(handleBounds);
});
