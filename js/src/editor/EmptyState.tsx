import { useSession } from "../bridge/context";
import { failureOf } from "../bridge/request";
import { useStore } from "../bridge/store";
import { FamilyIcon } from "../ui/icons";
import { TEMPLATES, TEXT } from "../ui/text";
import { useEditor } from "./context";
import { ghostsOf, graphOf, readyOf } from "./selectors";

/** What an empty canvas offers. */
export function EmptyState() {
  const editor = useEditor();
  const session = useSession();
  const graph = useStore(session.shared, graphOf);
  const ready = useStore(session.shared, readyOf);
  const ghosts = useStore(editor.page, ghostsOf);
  if (!ready) return <p className="kv-welcome kv-quiet">{TEXT.loading}</p>;
  if (graph.calls.size > 0 || ghosts.length > 0) return null;
  const start = (text: string) =>
    session.ask("quick_add", { text, after: null, preview: false }).then(
      () => setTimeout(() => editor.viewport.fit(), 80),
      (error: unknown) => editor.refuse(failureOf(error).message),
    );
  return (
    <div className="kv-welcome">
      <h2>{TEXT.empty.title}</h2>
      <p className="kv-quiet">{TEXT.empty.lead}</p>
      <div className="kv-templates">
        {TEMPLATES.map((template) => (
          <button
            key={template.name}
            type="button"
            className={`kv-template kv-family-${template.family}`}
            onClick={() => start(template.text)}
          >
            <span className="kv-node-icon">
              <FamilyIcon family={template.family} />
            </span>
            <b>{template.name}</b>
            <small>{template.about}</small>
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
