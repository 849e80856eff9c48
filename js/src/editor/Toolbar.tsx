import { useSession } from "../bridge/context";
import { useStore } from "../bridge/store";
import { useTrait } from "../bridge/useTrait";
import { bytes, count, grouped } from "../graph/format";
import { IconButton } from "../ui/Button";
import { Icon } from "../ui/icons";
import { TEXT } from "../ui/text";
import { useEditor } from "./context";
import { problemsOf, sorted, totalsOf } from "./selectors";

function Status() {
  const editor = useEditor();
  const session = useSession();
  const problems = useStore(session.shared, problemsOf);
  const totals = useStore(session.shared, totalsOf);
  const worst = sorted(problems)[0]?.severity;
  return (
    <div className="kv-status">
      <span title={`${grouped(totals.params)} ${TEXT.canvas.params}, ${bytes(totals.memory_bytes)}`}>
        <b data-testid="total">{count(totals.params)}</b> <em>{TEXT.canvas.params}</em>
      </span>
      <button
        type="button"
        aria-live="polite"
        className={`kv-problem-count kv-tone-${worst ?? "fine"}`}
        onClick={() => (worst ? editor.nextProblem(false) : session.setTrait("panel", "problems"))}
      >
        <Icon name={worst ?? "check"} size={14} />
        {worst ? TEXT.canvas.problems(problems.length) : TEXT.canvas.noProblems}
      </button>
    </div>
  );
}

export function Toolbar() {
  const editor = useEditor();
  const [canUndo] = useTrait("can_undo");
  const [canRedo] = useTrait("can_redo");
  return (
    <div className="kv-toolbar" role="toolbar" aria-label={TEXT.editorName}>
      <IconButton
        icon="layers"
        label={TEXT.palette.open}
        className="kv-only-narrow"
        onClick={() => editor.page.set({ palette: true })}
      />
      <IconButton
        icon="undo"
        label={TEXT.canvas.undo(canUndo)}
        aria-disabled={!canUndo}
        onClick={() => editor.undo()}
      />
      <IconButton
        icon="redo"
        label={TEXT.canvas.redo(canRedo)}
        aria-disabled={!canRedo}
        onClick={() => editor.redo()}
      />
      <hr />
      <IconButton icon="arrange" label={TEXT.canvas.arrange} onClick={() => editor.arrange()} />
      <IconButton icon="fit" label={TEXT.canvas.fit} onClick={() => editor.viewport.fit()} />
      <IconButton
        className="kv-zoom"
        icon="minus"
        label={TEXT.canvas.zoomOut}
        onClick={() => editor.viewport.zoom(0.8)}
      />
      <IconButton
        className="kv-zoom"
        icon="plus"
        label={TEXT.canvas.zoomIn}
        onClick={() => editor.viewport.zoom(1.25)}
      />
      <IconButton icon="flow" label={TEXT.canvas.direction} onClick={() => editor.turn()} />
      <IconButton icon="keyboard" label={TEXT.sheet.title} onClick={() => editor.page.set({ sheet: true })} />
      <Status />
    </div>
  );
}
