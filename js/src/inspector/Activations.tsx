import { useMemo } from "react";

import { useTrait } from "../bridge/useTrait";
import type { Activations as Found } from "../contract";
import { figure } from "../graph/format";
import { float32 } from "../training/series";
import { IconButton } from "../ui/Button";
import { Empty, FailureNote } from "../ui/Notice";
import { TEXT } from "../ui/text";
import { bytesOf, extent, mapPixels, picturePixels, pictureSize } from "./draw";
import { Pixels } from "./Pixels";
import { useAnswer } from "./useAnswer";

function SamplePicture({ index, occasion }: { index: number; occasion: unknown }) {
  const { answer, failure } = useAnswer("sample", { index }, occasion);
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

function Picker({ count }: { count: number | null }) {
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

function Maps({ found, values }: { found: Found; values: Float32Array }) {
  const { count, height, width } = found;
  const maps = useMemo(
    () =>
      Array.from({ length: count }, (_, channel) => {
        const [low, high] = extent(values, channel * height * width, height * width);
        return mapPixels(values, channel * height * width, width, height, low, high);
      }),
    [values, count, height, width],
  );
  return (
    <div className="kv-maps">
      {maps.map((pixels, channel) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a map is its channel
        <Pixels key={channel} pixels={pixels} width={width} height={height} label={`${channel}`} />
      ))}
    </div>
  );
}

function Vector({ values }: { values: Float32Array }) {
  const [low, high] = extent(values);
  const top = Math.max(0, high);
  const bottom = Math.min(0, low);
  const span = top - bottom || 1;
  const wide = 320 / Math.max(1, values.length);
  return (
    <figure className="kv-histogram kv-vector">
      <svg viewBox="0 0 320 96" preserveAspectRatio="none" role="img" aria-label={`${values.length} values`}>
        {Array.from(values, (value, index) => (
          <rect
            // biome-ignore lint/suspicious/noArrayIndexKey: a bar is its index
            key={index}
            x={index * wide + wide * 0.08}
            width={wide * 0.84}
            y={((top - Math.max(value, 0)) / span) * 94 + 1}
            height={Math.max(0.5, (Math.abs(value) / span) * 94)}
          >
            <title>{`${index}: ${figure(value)}`}</title>
          </rect>
        ))}
      </svg>
      <figcaption>
        <span>0</span>
        <span>{values.length - 1}</span>
      </figcaption>
    </figure>
  );
}

function Values({ found, values }: { found: Found; values: Float32Array }) {
  if (found.kind === "maps") return <Maps found={found} values={values} />;
  if (found.kind === "vector") return <Vector values={values} />;
  const pixels = mapPixels(values, 0, found.width, found.height, found.low, found.high);
  return (
    <div className="kv-heat">
      <Pixels pixels={pixels} width={found.width} height={found.height} label={`${found.height} x ${found.width}`} />
    </div>
  );
}

export function Activations({ call, occasion }: { call: string; occasion: unknown }) {
  const [sample] = useTrait("sample_index");
  const { answer, failure, asking } = useAnswer("activations", { call, sample }, occasion);
  const values = useMemo(() => (answer?.buffers[0] ? float32(answer.buffers[0]) : new Float32Array(0)), [answer]);
  const found = answer?.result;
  return (
    <div className="kv-activations">
      <div className="kv-row">
        <SamplePicture index={sample} occasion={occasion} />
        <Picker count={null} />
      </div>
      {failure && <FailureNote failure={failure} />}
      {!found && !failure && asking && <Empty>{TEXT.inspect.loading}</Empty>}
      {found && (
        <>
          <p className="kv-facts">
            <code>({found.shape.join(", ")})</code>
            <span>
              {figure(found.low)} … {figure(found.high)}
            </span>
            {found.total > found.count && <span>{TEXT.inspect.shown(found.count, found.total)}</span>}
          </p>
          <Values found={found} values={values} />
        </>
      )}
    </div>
  );
}
