import type { Confusion } from "../contract";
import { TEXT } from "../ui/text";

/** A place of the matrix; null for all of a row or a column. */
export type Cell = { true: number | null; predicted: number | null };

/** How often which class was taken for which; each cell shows its samples. */
export function Matrix({
  confusion,
  chosen,
  onChoose,
}: {
  confusion: Confusion;
  chosen: Cell | null;
  onChoose(cell: Cell): void;
}) {
  const { labels, matrix } = confusion;
  const worst = Math.max(1, ...matrix.flatMap((row, index) => row.filter((_, other) => other !== index)));
  return (
    <table className="kv-confusion">
      <thead>
        <tr>
          <td />
          {labels.map((label) => (
            <th key={label} scope="col">
              {label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {matrix.map((row, index) => {
          const total = Math.max(
            1,
            row.reduce((sum, value) => sum + value, 0),
          );
          return (
            <tr key={labels[index]}>
              <th scope="row">{labels[index]}</th>
              {row.map((value, other) => {
                const right = index === other;
                const depth = right ? value / total : Math.sqrt(value / worst);
                const isChosen = chosen?.true === index && chosen.predicted === other;
                return (
                  <td key={labels[other]}>
                    <button
                      type="button"
                      className={right ? "kv-cell is-right" : "kv-cell"}
                      style={{ "--kv-depth": depth } as React.CSSProperties}
                      aria-pressed={isChosen}
                      aria-label={TEXT.inspect.cell(labels[index] ?? "", labels[other] ?? "", value)}
                      title={TEXT.inspect.cell(labels[index] ?? "", labels[other] ?? "", value)}
                      onClick={() => onChoose({ true: index, predicted: other })}
                    >
                      {value > 0 ? value : ""}
                    </button>
                  </td>
                );
              })}
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
