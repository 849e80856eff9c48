import type { Confusion } from "../contract";
import { figure } from "../graph/format";
import { Icon } from "../ui/icons";
import { TEXT } from "../ui/text";
import { classScores } from "./classes";
import type { Cell } from "./Matrix";

function percent(share: number): string {
  return Number.isFinite(share) ? figure(Number((share * 100).toPrecision(3))) : "–";
}

function Share({ share }: { share: number }) {
  return (
    <td className="kv-number">
      {percent(share)}
      {share > 0 && <i className="kv-cell-bar" style={{ width: `${share * 100}%` }} />}
    </td>
  );
}

interface ScoresProps {
  confusion: Confusion;
  chosen: Cell | null;
  onChoose(cell: Cell): void;
}

/** Precision, recall and F1 of each class, in percent; a class shows its mistakes. */
export function Scores({ confusion, chosen, onChoose }: ScoresProps) {
  return (
    <details className="kv-group" open={confusion.labels.length <= 12}>
      <summary>
        <Icon name="right" size={12} />
        {TEXT.inspect.perClass}
      </summary>
      <table className="kv-table kv-scores">
        <thead>
          <tr>
            <th scope="col">{TEXT.inspect.class}</th>
            {TEXT.inspect.scores.map((name) => (
              <th key={name} scope="col" className="kv-number">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {classScores(confusion).map(({ label, precision, recall, f1, support }, index) => (
            <tr key={label} aria-selected={chosen?.true === index && chosen.predicted === null}>
              <th scope="row">
                <button
                  type="button"
                  className="kv-link"
                  title={TEXT.inspect.mistakesOf(label)}
                  onClick={() => onChoose({ true: index, predicted: null })}
                >
                  {label}
                </button>
              </th>
              <Share share={precision} />
              <Share share={recall} />
              <Share share={f1} />
              <td className="kv-number">{support}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}
