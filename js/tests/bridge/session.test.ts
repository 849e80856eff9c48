import { expect, test, vi } from "vitest";

import type { Model } from "../../src/bridge/context";
import { failureOf, Questions } from "../../src/bridge/request";
import { Session } from "../../src/bridge/session";
import { Store } from "../../src/bridge/store";
import type { Analysis, PageMessage } from "../../src/contract";
import { toData } from "../../src/graph/document";
import { graphOf, textOf } from "../graph/models";

const ANALYSIS: Analysis = {
  rev: 0,
  calls: {},
  totals: { params: 0, trainable: 0, macs: 0, memory_bytes: 0 },
  problems: [],
};
const call = (params: number) => ({ shapes: [], dtype: "float32", params, trainable: 0, macs: 0, problems: [] });

function start(text = "a b<a") {
  const sent: PageMessage[] = [];
  const listeners: ((content: unknown, buffers: DataView[]) => void)[] = [];
  const model = {
    get: () => undefined,
    set: () => {},
    save_changes: () => {},
    on: (_name: string, listener: (content: unknown, buffers: DataView[]) => void) => listeners.push(listener),
    off: () => {},
    send: (message: PageMessage) => sent.push(message),
  };
  const session = new Session(model as unknown as Model);
  const receive = (message: unknown, buffers: DataView[] = []) => {
    for (const listener of listeners) listener(message, buffers);
  };
  receive({ type: "document", revision: 4, document: toData(graphOf(text)), positions: {}, analysis: ANALYSIS });
  return { session, sent, receive };
}

const DELETE = { set: { calls: { b: null } }, label: "Delete b" };

test("a session says hello", () => {
  expect(start().sent).toEqual([{ type: "hello" }]);
});

test("a change shows at once and is sent with the revision it builds on", () => {
  const { session, sent } = start();
  session.change(DELETE);
  session.change(DELETE);
  expect(textOf(session.shared.get().graph)).toBe("a");
  expect(sent.slice(1)).toEqual([
    { type: "patch", base: 4, patch: DELETE },
    { type: "patch", base: 5, patch: DELETE },
  ]);
});

test("the kernel's own next patch is taken", () => {
  const { session, receive } = start();
  receive({ type: "patch", revision: 5, patch: DELETE, origin: "python" });
  expect(textOf(session.shared.get().graph)).toBe("a");
  expect(session.shared.get().revision).toBe(5);
});

test("after a missed patch the page asks for everything", () => {
  const { sent, receive } = start();
  receive({ type: "patch", revision: 7, patch: DELETE, origin: "python" });
  expect(sent.at(-1)).toEqual({ type: "hello" });
});

test("in a conflict the kernel's document wins", () => {
  const { session, receive } = start();
  session.change(DELETE);
  receive({ type: "patch", revision: 5, patch: { set: {}, label: "" }, origin: "python" });
  receive({ type: "document", revision: 5, document: toData(graphOf("x")), positions: {}, analysis: ANALYSIS });
  expect(textOf(session.shared.get().graph)).toBe("x");
  expect(session.shared.get().revision).toBe(5);
});

test("answers are merged by call, and null takes one away", () => {
  const { session, receive } = start();
  receive({ type: "analysis", revision: 5, analysis: { ...ANALYSIS, calls: { a: call(1), b: call(2) } } });
  receive({ type: "analysis", revision: 6, analysis: { ...ANALYSIS, calls: { b: null } } });
  expect([...session.shared.get().calls.keys()]).toEqual(["a"]);
});

test("an answer that is older than the last is dropped", () => {
  const { session, receive } = start();
  receive({ type: "analysis", revision: 6, analysis: { ...ANALYSIS, calls: { a: call(1) } } });
  receive({ type: "analysis", revision: 5, analysis: { ...ANALYSIS, calls: { a: call(9) } } });
  expect(session.shared.get().calls.get("a")?.params).toBe(1);
});

test.each([null, 3, "x", {}, { type: "else" }, { type: 4 }])("the message %j is left alone", (message) => {
  const { session, receive } = start();
  receive(message);
  expect(session.shared.get().revision).toBe(4);
});

test("a question ends in its answer", async () => {
  const { session, sent, receive } = start();
  const asked = session.ask("code", { dialect: "functional" });
  const request = sent.at(-1) as Extract<PageMessage, { type: "request" }>;
  expect(request).toMatchObject({ method: "code", params: { dialect: "functional" } });
  receive({ type: "response", id: request.id, result: { code: "import kerasviz" } });
  expect((await asked).result.code).toBe("import kerasviz");
});

test("a question ends in the kernel's four parts where it fails", async () => {
  const { session, sent, receive } = start();
  const asked = session.ask("run", {});
  const failure = { message: "No loss.", where: "settings", expected: "a loss", got: "None", hint: "Choose one." };
  receive({ type: "response", id: (sent.at(-1) as { id: string }).id, error: failure });
  expect(failureOf(await asked.catch((error: unknown) => error))).toEqual(failure);
});

test("a question that nobody answers ends too", async () => {
  vi.useFakeTimers();
  const questions = new Questions(() => {}, 50, "silence");
  const asked = questions.ask("summary", {}).catch((error: unknown) => failureOf(error));
  vi.advanceTimersByTime(60);
  expect(await asked).toEqual({ message: "silence" });
  vi.useRealTimers();
});

test("a lost frame of the curves makes the page ask for everything", () => {
  const { sent, receive } = start();
  const frame = { type: "series", run: "r", reset: false, level: "batch", names: [], count: 0 };
  receive({ ...frame, sequence: 1 }, [new DataView(new ArrayBuffer(0))]);
  receive({ ...frame, sequence: 3 }, [new DataView(new ArrayBuffer(0))]);
  expect(sent.at(-1)).toEqual({ type: "hello" });
});

test("a store tells its readers of changes only", () => {
  const store = new Store({ a: 1, b: 2 });
  let told = 0;
  const leave = store.subscribe(() => {
    told += 1;
  });
  store.set({ a: 1 });
  store.set({ a: 2 });
  leave();
  store.set({ a: 3 });
  expect(told).toBe(1);
});

test("why a patch was refused is kept until the next change", () => {
  const { session, receive } = start();
  const refused = { message: "No.", expected: "a call", got: "nothing", hint: "Add one." };
  const document = { type: "document", revision: 5, document: toData(graphOf("a b<a")), positions: {} };
  receive({ ...document, analysis: ANALYSIS, refused });
  expect(session.shared.get().refused).toEqual(refused);
  session.change(DELETE);
  expect(session.shared.get().refused).toBeNull();
});

test("an analysis without problems leaves those there are", () => {
  const { session, receive } = start();
  const problem = { id: "p", severity: "error", call: "a", arg: null, message: "No.", fixes: [] };
  receive({ type: "analysis", revision: 5, analysis: { ...ANALYSIS, problems: [problem] } });
  const { problems: _left, ...rest } = ANALYSIS;
  receive({ type: "analysis", revision: 6, analysis: rest });
  expect(session.shared.get().problems).toEqual([problem]);
});

test.each([
  ["python", 1],
  ["undo", 0],
])("layers added by %s are welcomed %d times", (origin, times) => {
  const { session, receive } = start();
  const before = session.shared.get().arrivals;
  const c = { id: "c", layer: "c", inputs: [] };
  receive({ type: "patch", revision: 5, patch: { set: { calls: { c } }, label: "Add c" }, origin });
  expect(session.shared.get().arrivals - before).toBe(times);
});
