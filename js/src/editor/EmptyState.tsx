import { useSession } from "../bridge/context";
import { useStore } from "../bridge/store";
import { type Graph, layerOf } from "../graph/document";
import { FamilyIcon } from "../ui/icons";
import { TEXT } from "../ui/text";
import { useEditor } from "./context";
import type { Editor } from "./editor";
import { callsOf, ghostsOf, graphOf, quickAddOf, readyOf } from "./selectors";
import { TEMPLATES } from "./templates";

const BEGINNINGS = new Set(["Input", "Rescaling", "Normalization", "Reshape"]);

/** Only what brings data in: nothing has been drawn yet. */
function isBeginning(graph: Graph): boolean {
  return graph.calls.size < 4 && [...graph.calls.keys()].every((id) => BEGINNINGS.has(layerOf(graph, id)?.kind ?? ""));
}

function start(editor: Editor, text: string): void {
  const after = editor.appendsTo();
  editor.session.ask("quick_add", { text, after, preview: false }).then(
    () => setTimeout(() => editor.viewport.fit(), 80),
    (error: unknown) => editor.fail(error),
  );
}

function Welcome() {
  const editor = useEditor();
  return (
    <div className="kv-welcome">
      <h2>{TEXT.empty.title}</h2>
      <p className="kv-quiet">{TEXT.empty.lead}</p>
      <div className="kv-templates">
        {TEMPLATES.map(({ name, about, family, input, layers }) => (
          <button
            key={name}
            type="button"
            className={`kv-template kv-family-${family}`}
            onClick={() => start(editor, `${input} > ${layers}`)}
          >
            <span className="kv-node-icon">
              <FamilyIcon family={family} />
            </span>
            <b>{name}</b>
            <small>{about}</small>
          </button>
        ))}
      </div>
      <ul className="kv-hints">
        {TEXT.empty.hints.map((hint) => (
          <li key={hint}>{hint}</li>
        ))}
      </ul>
    </div>
  );
}

function Starters() {
  const editor = useEditor();
  const calls = useStore(useSession().shared, callsOf);
  const rank = calls.get(editor.appendsTo() ?? "")?.shapes?.[0]?.length;
  const fitting = TEMPLATES.filter(({ ranks }) => rank !== undefined && ranks.includes(rank));
  if (fitting.length === 0) return null;
  return (
    <div className="kv-starters">
      <span className="kv-quiet">{TEXT.empty.start}</span>
      {fitting.map(({ short, about, family, layers }) => (
        <button
          key={short}
          type="button"
          className={`kv-starter kv-family-${family}`}
          title={about}
          onClick={() => start(editor, layers)}
        >
          <FamilyIcon family={family} size={14} />
          {short}
        </button>
      ))}
    </div>
  );
}

/** What an empty canvas offers, and one with nothing but its inputs. */
export function EmptyState() {
  const editor = useEditor();
  const session = useSession();
  const graph = useStore(session.shared, graphOf);
  const ready = useStore(session.shared, readyOf);
  const ghosts = useStore(editor.page, ghostsOf);
  const quickAdd = useStore(editor.page, quickAddOf);
  if (!ready) return <p className="kv-welcome kv-quiet">{TEXT.loading}</p>;
  if (ghosts.length > 0 || quickAdd || !isBeginning(graph)) return null;
  return graph.calls.size === 0 ? <Welcome /> : <Starters />;
}
