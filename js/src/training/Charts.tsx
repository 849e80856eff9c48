import "uplot/dist/uPlot.min.css";

import { useEffect, useId, useMemo, useRef, useState, useSyncExternalStore } from "react";

import { useSession } from "../bridge/context";
import { useTrait } from "../bridge/useTrait";
import { spoken } from "../fields/values";
import { figure } from "../graph/format";
import { Icon } from "../ui/icons";
import { TEXT } from "../ui/text";
import { useTheme } from "../ui/theme";
import { Chart } from "./chart";
import { batchesPerEpoch, type Curves, curvesOf, type Look, valueAt } from "./curves";
import { families } from "./series";

const NAMES = {
  batch: TEXT.charts.batch,
  smooth: TEXT.charts.batch,
  train: TEXT.charts.train,
  validation: TEXT.charts.validation,
};

/** Three digits: all values of a chart stand in one line. */
function short(value: number): string {
  return figure(Number(value.toPrecision(3)));
}

/** The version of the run's numbers, at most once a frame of the screen. */
function useVersion(): number {
  const { runs } = useSession();
  const subscribe = useMemo(() => {
    return (changed: () => void) => {
      let frame = 0;
      const later = () => {
        if (frame) return;
        frame = requestAnimationFrame(() => {
          frame = 0;
          changed();
        });
      };
      const stop = runs.subscribe(later);
      return () => {
        stop();
        cancelAnimationFrame(frame);
      };
    };
  }, [runs]);
  return useSyncExternalStore(subscribe, () => runs.version);
}

function Values({ curves, x }: { curves: Curves; x: number | null }) {
  const shown = curves.curves.filter(
    (curve) => curve.name !== "batch" || !curves.curves.some((other) => other.name === "smooth"),
  );
  return (
    <span className="kv-values">
      {shown.map((curve) => {
        const value = x === null ? curve.points.y.at(-1) : valueAt(curve, x);
        if (value === null || value === undefined) return null;
        return (
          <span key={curve.name} className={`kv-key kv-key-${curve.name}`}>
            <i />
            {NAMES[curve.name]} <b>{short(value)}</b>
          </span>
        );
      })}
      {curves.best && (
        <span className="kv-key kv-key-best" title={TEXT.charts.best}>
          <Icon name="star" size={11} />
          <b>{short(curves.best.y)}</b>
        </span>
      )}
    </span>
  );
}

function OneChart({ metric, look, group }: { metric: string; look: Look; group: string }) {
  const { runs } = useSession();
  const version = useVersion();
  const theme = useTheme();
  const [batches] = useTrait("batches");
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<Chart | null>(null);
  const [cursor, setCursor] = useState<number | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version says when the tables have changed
  const curves = useMemo(
    () => curvesOf(metric, runs.tables, runs.markers, batchesPerEpoch(runs.tables, batches), look),
    [metric, runs, batches, look, version],
  );
  useEffect(() => {
    if (!box.current) return;
    const made = new Chart(box.current, setCursor, group);
    chart.current = made;
    return () => made.destroy();
  }, [group]);
  useEffect(() => chart.current?.draw(curves, look, theme), [curves, look, theme]);
  const last = curves.curves.map((curve) => `${NAMES[curve.name]} ${figure(curve.points.y.at(-1) ?? Number.NaN)}`);
  return (
    <figure className="kv-chart" aria-label={`${spoken(metric)}: ${last.join(", ")}`}>
      <figcaption>
        <b>{spoken(metric)}</b>
        <Values curves={curves} x={cursor} />
      </figcaption>
      <div className="kv-plot" ref={box} />
    </figure>
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
        {runs.markers.length > 0 && <span className="kv-quiet kv-last-mark">{runs.markers.at(-1)?.text}</span>}
      </div>
    </section>
  );
}
