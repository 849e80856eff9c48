import { brief, shapeChip } from "../graph/format";
import type { Suggestion } from "../graph/suggest";
import { FamilyIcon, Icon } from "../ui/icons";
import { Options } from "../ui/Options";
import { TEXT } from "../ui/text";
import type { Preview } from "./adding";
import { useEditor } from "./context";

function Chain({ preview }: { preview: Preview }) {
  const editor = useEditor();
  return (
    <ol className="kv-chain">
      {preview.layers.map((layer, index) => {
        const family = editor.kinds.get(layer.kind)?.category ?? "other";
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: the place in the chain is what it is
          <li key={index} className={`kv-family-${family}`}>
            <span className="kv-chain-layer">
              <FamilyIcon family={family} size={13} />
              {layer.kind}
              <small>
                {Object.values(layer.args)
                  .slice(0, 3)
                  .map((value) => brief(value))
                  .join(" ")}
              </small>
            </span>
            {layer.shape && <span className="kv-chip">{shapeChip(layer.shape)}</span>}
          </li>
        );
      })}
    </ol>
  );
}

interface QuickAddHelpProps {
  context: string;
  preview: Preview;
  list: string;
  suggestions: Suggestion[];
  choice: number;
  /** The word under the caret may yet become right. */
  isTyping: boolean;
  onTake(suggestion: Suggestion): void;
}

/** What the text means so far, what is wrong with it, and how it may go on. */
export function QuickAddHelp({ context, preview, list, suggestions, choice, isTyping, onTake }: QuickAddHelpProps) {
  return (
    <div className="kv-quick-help">
      <span className="kv-quiet">{context}</span>
      {preview.error && !isTyping ? (
        <p className="kv-quick-error" role="alert">
          <Icon name="error" size={13} /> {preview.error.message}
        </p>
      ) : (
        <Chain preview={preview} />
      )}
      {suggestions.length > 0 && (
        <Options
          id={list}
          label={TEXT.quickAdd.label}
          chosen={choice}
          onTake={(index) => {
            const taken = suggestions[index];
            if (taken) onTake(taken);
          }}
          options={suggestions.map((entry) => ({
            key: entry.text,
            content: (
              <>
                <code>{entry.text}</code>
                <span>{entry.kind ?? entry.doc}</span>
              </>
            ),
          }))}
        />
      )}
      <small className="kv-quiet">{TEXT.quickAdd.keys}</small>
    </div>
  );
}
