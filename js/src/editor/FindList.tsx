import { useStore } from "../bridge/store";
import { find } from "../graph/find";
import { PickList } from "../ui/PickList";
import { TEXT } from "../ui/text";
import { useEditor } from "./context";
import { findingOf } from "./selectors";

const SHOWN = 40;

/** Finds layers of the graph and goes to them. */
export function FindList() {
  const editor = useEditor();
  const finding = useStore(editor.page, findingOf);
  if (!finding) return null;
  const close = () => editor.page.set({ finding: false });
  const picks = (query: string) =>
    find(editor.graph, editor.session.shared.get().calls, query)
      .slice(0, SHOWN)
      .map(({ id, title, kind, shape }) => ({
        id,
        content: (
          <>
            <b>{title}</b>
            <span>{[kind, shape].filter(Boolean).join(" · ")}</span>
          </>
        ),
      }));
  return (
    <PickList
      title={TEXT.find.title}
      search={TEXT.find.search}
      none={TEXT.find.none}
      picks={picks}
      onLeave={close}
      onClose={() => {
        close();
        editor.focus(editor.page.get().focused);
      }}
      onTake={(id) => {
        close();
        editor.visit(id);
      }}
    />
  );
}
