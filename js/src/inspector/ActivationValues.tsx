import { useMemo, useState } from "react";

import type { Activations as Found } from "../contract";
import { figure } from "../graph/format";
import { TEXT } from "../ui/text";
import { extent, mapPixels, ramp } from "./draw";
import { Pixels } from "./Pixels";

const FEW = 24;
const GRADIENT = `linear-gradient(90deg, ${[0, 0.2, 0.4, 0.6, 0.8, 1].map((share) => `rgb(${ramp(share)})`).join()})`;

function Scale({ low, high }: { low: number; high: number }) {
  const [from, to] = [figure(low), figure(high)];
  return (
    <span className="kv-scale" role="img" aria-label={TEXT.inspect.scale(from, to)}>
      {from}
      <i style={{ background: GRADIENT }} />
      {to}
    </span>
  );
}

function Maps({ found, values }: { found: Found; values: Float32Array }) {
  const { count, height, width } = found;
  const [shared, setShared] = useState(false);
  const maps = useMemo(
    () =>
      Array.from({ length: count }, (_, channel) => {
        const own = extent(values, channel * height * width, height * width);
        const [low, high] = shared ? extent(values) : own;
        return mapPixels(values, channel * height * width, width, height, low, high);
      }),
    [values, count, height, width, shared],
  );
  return (
    <>
      <div className="kv-row kv-scale-row">
        {shared ? <Scale low={extent(values)[0]} high={extent(values)[1]} /> : <span />}
        <label className="kv-check">
          <input type="checkbox" checked={shared} onChange={(event) => setShared(event.target.checked)} />
          {TEXT.inspect.sameScale}
        </label>
      </div>
      <div className="kv-maps">
        {maps.map((pixels, channel) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a map is its channel
          <Pixels key={channel} pixels={pixels} width={width} height={height} label={`${channel}`} />
        ))}
      </div>
    </>
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
            className={value === high && values.length <= FEW ? "is-most" : undefined}
            x={index * wide + wide * 0.08}
            width={wide * 0.84}
            y={((top - Math.max(value, 0)) / span) * 94 + 1}
            height={Math.max(0.5, (Math.abs(value) / span) * 94)}
          >
            <title>{`${index}: ${figure(value)}`}</title>
          </rect>
        ))}
      </svg>
      <figcaption className={values.length <= FEW ? "is-few" : undefined}>
        {values.length <= FEW ? (
          Array.from(values, (value, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a bar is its index
            <span key={index} data-most={value === high}>
              {index}
            </span>
          ))
        ) : (
          <>
            <span>0</span>
            <span>{values.length - 1}</span>
          </>
        )}
      </figcaption>
    </figure>
  );
}

/** The outputs for one sample: as maps, bars, or moments over features. */
export function ActivationValues({ found, values }: { found: Found; values: Float32Array }) {
  if (found.kind === "maps") return <Maps found={found} values={values} />;
  if (found.kind === "vector") return <Vector values={values} />;
  const pixels = mapPixels(values, 0, found.width, found.height, found.low, found.high);
  return (
    <div className="kv-heat">
      <Scale low={found.low} high={found.high} />
      <Pixels pixels={pixels} width={found.width} height={found.height} label={`${found.height} x ${found.width}`} />
    </div>
  );
}
