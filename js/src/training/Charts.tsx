import { useId, useState } from "react";

import { useSession } from "../bridge/context";
import { TEXT } from "../ui/text";
import type { Look } from "./curves";
import { OneChart } from "./OneChart";
import { families, type Marker } from "./series";
import { useVersion } from "./useVersion";

/** What happened during the run, the last in view, all of it in a list. */
function Events({ markers }: { markers: Marker[] }) {
  const last = markers.at(-1);
  if (!last) return null;
  return (
    <details
      className="kv-events"
      onBlur={({ currentTarget, relatedTarget }) => {
        if (relatedTarget && !currentTarget.contains(relatedTarget)) currentTarget.open = false;
      }}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !event.currentTarget.open) return;
        event.stopPropagation();
        event.currentTarget.open = false;
      }}
    >
      <summary title={TEXT.charts.events}>
        <span className="kv-last-mark">{last.text}</span>
        <b>{markers.length}</b>
      </summary>
      <ol aria-label={TEXT.charts.events}>
        {markers.map((marker, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: they are only ever added
          <li key={index}>
            <small>
              {TEXT.run.epoch} {marker.epoch} · {TEXT.run.batch} {marker.step}
            </small>
            {marker.text}
          </li>
        ))}
      </ol>
    </details>
  );
}

export function Charts() {
  const { runs } = useSession();
  useVersion();
  const group = useId();
  const [look, setLook] = useState<Look>({ smoothing: 0, logarithmic: false, x: "epochs" });
  const metrics = families(runs.tables);
  if (metrics.length === 0) return <p className="kv-charts-empty">{TEXT.charts.empty}</p>;
  return (
    <section className="kv-charts" aria-label={TEXT.run.curves}>
      <div className="kv-chart-grid">
        {metrics.map((metric) => (
          <OneChart key={metric} metric={metric} look={look} group={group} />
        ))}
      </div>
      <div className="kv-chart-tools">
        <label>
          {TEXT.charts.smoothing}
          <input
            type="range"
            min={0}
            max={0.99}
            step={0.01}
            value={look.smoothing}
            onChange={(event) => setLook({ ...look, smoothing: event.target.valueAsNumber })}
          />
          <output>{look.smoothing.toFixed(2)}</output>
        </label>
        <label>
          <input
            type="checkbox"
            checked={look.logarithmic}
            onChange={(event) => setLook({ ...look, logarithmic: event.target.checked })}
          />
          {TEXT.charts.log}
        </label>
        <fieldset className="kv-segments" aria-label={TEXT.charts.x}>
          {(["epochs", "batches"] as const).map((x) => (
            <button key={x} type="button" aria-pressed={look.x === x} onClick={() => setLook({ ...look, x })}>
              {TEXT.charts[x]}
            </button>
          ))}
        </fieldset>
        <Events markers={runs.markers} />
      </div>
    </section>
  );
}
