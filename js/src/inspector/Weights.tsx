import type { Histogram, WeightStatistics } from "../contract";
import { figure } from "../graph/format";
import { Empty, FailureNote } from "../ui/Notice";
import { TEXT } from "../ui/text";
import { useAnswer } from "./useAnswer";

const WIDTH = 320;
const HEIGHT = 64;

function Bars({ histogram, name }: { histogram: Histogram; name: string }) {
  const { counts, edges } = histogram;
  const most = Math.max(1, ...counts);
  const wide = WIDTH / Math.max(1, counts.length);
  const low = edges[0] ?? 0;
  const high = edges.at(-1) ?? 1;
  const zero = low < 0 && high > 0 ? (-low / (high - low)) * WIDTH : null;
  return (
    <figure className="kv-histogram">
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${name}: ${figure(low)} … ${figure(high)}`}
      >
        {counts.map((value, index) => {
          const tall = (value / most) * (HEIGHT - 2);
          return (
            <rect // biome-ignore lint/suspicious/noArrayIndexKey: a bar is its index
              key={index}
              x={index * wide + 0.5}
              y={HEIGHT - tall}
              width={Math.max(0.5, wide - 1)}
              height={tall}
            />
          );
        })}
        {zero !== null && <line x1={zero} x2={zero} y1={0} y2={HEIGHT} />}
      </svg>
      <figcaption>
        <span>{figure(low)}</span>
        <span>{figure(high)}</span>
      </figcaption>
    </figure>
  );
}

function One({ weight }: { weight: WeightStatistics }) {
  const { statistics } = TEXT.inspect;
  return (
    <article className="kv-weight">
      <header>
        <b>{weight.name}</b>
        <code>({weight.shape.join(", ")})</code>
        {!weight.trainable && <em>{TEXT.inspect.frozen}</em>}
      </header>
      <Bars histogram={weight.histogram} name={weight.name} />
      <dl>
        {(["mean", "std", "min", "max"] as const).map((name) => (
          <div key={name}>
            <dt>{statistics[name]}</dt>
            <dd>{weight[name] === null ? "NaN" : figure(weight[name])}</dd>
          </div>
        ))}
        <div>
          <dt>{TEXT.inspect.zeros}</dt>
          <dd>{figure(weight.zeros * 100)} %</dd>
        </div>
      </dl>
    </article>
  );
}

export function Weights({ call, occasion }: { call: string; occasion: unknown }) {
  const { answer, failure, asking } = useAnswer("weights", { call }, occasion);
  if (failure) return <FailureNote failure={failure} />;
  if (!answer) return <Empty>{asking ? TEXT.inspect.loading : ""}</Empty>;
  const { weights } = answer.result;
  if (weights.length === 0) return <Empty>{TEXT.inspect.noWeights}</Empty>;
  return (
    <div className="kv-weights">
      {weights.map((weight) => (
        <One key={weight.name} weight={weight} />
      ))}
    </div>
  );
}
