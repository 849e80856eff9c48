import { useStore } from "../bridge/store";
import { legalTargets } from "../graph/connect";
import { titleOf } from "../graph/document";
import { PickList } from "../ui/PickList";
import { TEXT } from "../ui/text";
import { useEditor } from "./context";
import { connectingOf } from "./selectors";

const SHOWN = 12;

/** Connecting by keyboard: the legal targets, by name; those that take another rank come last. */
function List({ source }: { source: string }) {
  const editor = useEditor();
  const close = () => editor.page.set({ connecting: null });
  const picks = (query: string) => {
    const low = query.toLowerCase();
    const all = legalTargets(editor.graph, editor.kinds, source)
      .filter((target) => `${target.title} ${target.kind}`.toLowerCase().includes(low))
      .map((target) => ({ ...target, misfit: editor.misfit([source, 0], target.id) }))
      .sort((a, b) => Number(a.misfit !== null) - Number(b.misfit !== null));
    return all.slice(0, SHOWN).map(({ id, title, distance, replaces, misfit }) => ({
      id,
      content: (
        <>
          <b>{title}</b>
          <span title={misfit ?? undefined}>
            {distance > 0 ? TEXT.connect.after(distance) : TEXT.connect.before(-distance)}
            {replaces && ` · ${TEXT.connect.replaces}`}
            {misfit && ` · ${misfit}`}
          </span>
        </>
      ),
    }));
  };
  return (
    <PickList
      title={TEXT.connect.title(titleOf(editor.graph, source))}
      search={TEXT.connect.search}
      none={TEXT.connect.none}
      picks={picks}
      onLeave={close}
      onClose={() => {
        close();
        editor.focus(source);
      }}
      onTake={(id) => {
        close();
        editor.connect([source, 0], id);
        editor.visit(id);
      }}
    />
  );
}

export function ConnectList() {
  const source = useStore(useEditor().page, connectingOf);
  return source ? <List source={source} /> : null;
}
