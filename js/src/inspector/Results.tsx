import { useState } from "react";

import type { Confusion } from "../contract";
import { figure } from "../graph/format";
import { Button } from "../ui/Button";
import { Empty, FailureNote } from "../ui/Notice";
import { TEXT } from "../ui/text";
import { bytesOf, picturePixels, pictureSize } from "./draw";
import { Pixels } from "./Pixels";
import { useAnswer } from "./useAnswer";

type Cell = { true: number; predicted: number };

function share(confusion: Confusion): number {
  const right = confusion.matrix.reduce((sum, row, index) => sum + (row[index] ?? 0), 0);
  const all = confusion.matrix.flat().reduce((sum, value) => sum + value, 0);
  return all > 0 ? right / all : Number.NaN;
}

function Matrix({
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

function Gallery({
  cell,
  occasion,
  onSample,
}: {
  cell: Cell | null;
  occasion: unknown;
  onSample(index: number): void;
}) {
  const { answer, failure, asking } = useAnswer(
    "mistakes",
    { true: cell?.true ?? null, predicted: cell?.predicted ?? null, limit: 24 },
    occasion,
  );
  if (failure) return <FailureNote failure={failure} />;
  if (!answer) return <Empty>{asking ? TEXT.inspect.loading : ""}</Empty>;
  const { mistakes, shape, labels } = answer.result;
  const size = pictureSize(shape);
  const bytes = bytesOf(answer.buffers[0]);
  const length = size ? size.height * size.width * size.channels : 0;
  if (mistakes.length === 0) return <Empty>{TEXT.inspect.noMistakes}</Empty>;
  return (
    <ul className="kv-gallery">
      {mistakes.map((mistake, index) => {
        const [label, predicted] = [
          labels[mistake.true] ?? `${mistake.true}`,
          labels[mistake.predicted] ?? `${mistake.predicted}`,
        ];
        return (
          <li key={mistake.index}>
            <button
              type="button"
              onClick={() => onSample(mistake.index)}
              title={TEXT.inspect.mistake(label, predicted)}
            >
              {size && (
                <Pixels
                  pixels={picturePixels(bytes, index * length, size.width, size.height, size.channels)}
                  width={size.width}
                  height={size.height}
                  label={TEXT.inspect.mistake(label, predicted)}
                />
              )}
              <span>
                {label} → <b className="kv-wrong">{predicted}</b>
              </span>
              <small>{figure(Math.round(mistake.confidence * 100))} %</small>
            </button>
          </li>
        );
      })}
    </ul>
  );
}

export function Results({ occasion, onSample }: { occasion: unknown; onSample(index: number): void }) {
  const [cell, setCell] = useState<Cell | null>(null);
  const { answer, failure, asking, again } = useAnswer("confusion", {}, occasion);
  return (
    <div className="kv-results">
      <div className="kv-row">
        <h4>{TEXT.inspect.confusion}</h4>
        {answer && (
          <span className="kv-quiet">
            {TEXT.inspect.accuracy} <b>{figure(share(answer.result) * 100)} %</b>
          </span>
        )}
        <Button icon="reset" look="soft" disabled={asking} onClick={again}>
          {TEXT.inspect.refresh}
        </Button>
      </div>
      {failure && <FailureNote failure={failure} />}
      {asking && !answer && <Empty>{TEXT.inspect.loading}</Empty>}
      {answer && (
        <>
          <p className="kv-quiet">{TEXT.inspect.confusionHint}</p>
          <Matrix confusion={answer.result} chosen={cell} onChoose={setCell} />
          <div className="kv-row">
            <h4>{TEXT.inspect.mistakes}</h4>
            {cell && (
              <Button look="soft" onClick={() => setCell(null)}>
                {TEXT.inspect.allMistakes}
              </Button>
            )}
          </div>
          <Gallery cell={cell} occasion={occasion} onSample={onSample} />
        </>
      )}
    </div>
  );
}
