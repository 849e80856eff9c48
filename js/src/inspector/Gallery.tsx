import { figure } from "../graph/format";
import { Empty, FailureNote } from "../ui/Notice";
import { TEXT } from "../ui/text";
import { bytesOf, picturePixels, pictureSize } from "./draw";
import type { Cell } from "./Matrix";
import { Pixels } from "./Pixels";
import { useAnswer } from "./useAnswer";

/** Wrong predictions, the most confident first. */
export function Gallery({
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
