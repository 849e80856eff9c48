import { useState } from "react";

import { figure } from "../graph/format";
import { Button } from "../ui/Button";
import { Empty, FailureNote } from "../ui/Notice";
import { TEXT } from "../ui/text";
import { accuracyOf } from "./classes";
import { Gallery } from "./Gallery";
import { type Cell, Matrix } from "./Matrix";
import { Scores } from "./Scores";
import { useAnswer } from "./useAnswer";

export function Results({ occasion, onSample }: { occasion: unknown; onSample(index: number): void }) {
  const [cell, setCell] = useState<Cell | null>(null);
  const { answer, failure, asking, again } = useAnswer("confusion", {}, occasion);
  const nameOf = (index: number | null) => (index === null ? null : (answer?.result.labels[index] ?? `${index}`));
  return (
    <div className="kv-results">
      <div className="kv-row">
        <h4>{TEXT.inspect.confusion}</h4>
        {answer && (
          <span className="kv-quiet">
            {TEXT.inspect.accuracy} <b>{figure(Number((accuracyOf(answer.result) * 100).toPrecision(4)))} %</b>
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
          <Scores confusion={answer.result} chosen={cell} onChoose={setCell} />
          <div className="kv-row">
            <h4>{TEXT.inspect.mistakes}</h4>
            {cell && (
              <span className="kv-quiet">{TEXT.inspect.shownCell(nameOf(cell.true), nameOf(cell.predicted))}</span>
            )}
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
