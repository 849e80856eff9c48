import { useTrait } from "../bridge/useTrait";
import { IconButton } from "../ui/Button";
import { FailureNote } from "../ui/Notice";
import { TEXT } from "../ui/text";
import { bytesOf, picturePixels, pictureSize } from "./draw";
import { Pixels } from "./Pixels";
import type { Asked } from "./useAnswer";

/** The sample with its label and what the model takes it for. */
export function SamplePicture({ asked: { answer, failure } }: { asked: Asked<"sample"> }) {
  if (failure) return <FailureNote failure={failure} />;
  if (!answer) return null;
  const { shape, label, prediction } = answer.result;
  const size = pictureSize(shape);
  const bytes = bytesOf(answer.buffers[0]);
  return (
    <figure className="kv-sample">
      {size && bytes.length > 0 && (
        <Pixels
          pixels={picturePixels(bytes, 0, size.width, size.height, size.channels)}
          width={size.width}
          height={size.height}
          label={label}
        />
      )}
      <figcaption>
        {TEXT.inspect.label_} <b>{label}</b>
        {prediction && (
          <>
            <br />
            {TEXT.inspect.predicted} <b className={prediction === label ? "kv-right" : "kv-wrong"}>{prediction}</b>
          </>
        )}
      </figcaption>
    </figure>
  );
}

/** Goes from sample to sample. */
export function Picker({ count }: { count: number | null }) {
  const [index, setIndex] = useTrait("sample_index");
  const last = count === null ? Number.POSITIVE_INFINITY : count - 1;
  const go = (next: number) => setIndex(Math.max(0, Math.min(last, next)));
  return (
    <div className="kv-picker">
      <IconButton icon="left" label={TEXT.inspect.previous} disabled={index <= 0} onClick={() => go(index - 1)} />
      <label>
        {TEXT.inspect.sample}
        <input
          className="kv-input"
          type="number"
          min={0}
          value={index}
          onChange={(event) => go(event.target.valueAsNumber || 0)}
        />
      </label>
      <IconButton icon="right" label={TEXT.inspect.next} disabled={index >= last} onClick={() => go(index + 1)} />
    </div>
  );
}
