import "uplot/dist/uPlot.min.css";

import { useEffect, useMemo, useRef, useState } from "react";

import { useSession } from "../bridge/context";
import { useTrait } from "../bridge/useTrait";
import { spoken } from "../fields/values";
import { figure } from "../graph/format";
import { Icon } from "../ui/icons";
import { TEXT } from "../ui/text";
import { useTheme } from "../ui/theme";
import { Chart, type Cursor } from "./chart";
import { batchesPerEpoch, type Curves, curvesOf, type Look, valueAt } from "./curves";
import { useVersion } from "./useVersion";

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

/** What happened at the place of the crosshair. */
function MarkTip({ cursor, width }: { cursor: Cursor; width: number }) {
  const side = cursor.left > width / 2 ? { right: width - cursor.left + 8 } : { left: cursor.left + 8 };
  return (
    <ul className="kv-mark-tip" style={side}>
      {[...new Set(cursor.marks.map((mark) => mark.text))].map((text) => (
        <li key={text}>{text}</li>
      ))}
    </ul>
  );
}

const STEPS: Record<string, number> = {
  ArrowLeft: -0.02,
  ArrowRight: 0.02,
  PageUp: -0.1,
  PageDown: 0.1,
  Home: -1,
  End: 1,
};

/** The values under the crosshair, in words. */
function said(curves: Curves, cursor: Cursor): string {
  const values = curves.curves.flatMap((curve) => {
    const value = curve.name === "smooth" ? null : valueAt(curve, cursor.x);
    return value === null ? [] : [`${NAMES[curve.name]} ${short(value)}`];
  });
  return [short(cursor.x), ...values, ...cursor.marks.map((mark) => mark.text)].join(", ");
}

export function OneChart({ metric, look, group }: { metric: string; look: Look; group: string }) {
  const { runs } = useSession();
  const version = useVersion();
  const theme = useTheme();
  const [batches] = useTrait("batches");
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<Chart | null>(null);
  const [cursor, setCursor] = useState<Cursor | null>(null);
  const [byKeys, setByKeys] = useState(false);
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
        <Values curves={curves} x={cursor?.x ?? null} />
      </figcaption>
      <div
        className="kv-plot-box"
        role="application"
        aria-label={TEXT.charts.crosshair(spoken(metric))}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys move the crosshair
        tabIndex={0}
        onKeyDown={(event) => {
          const share = STEPS[event.key];
          if (share === undefined) return;
          event.preventDefault();
          setByKeys(true);
          chart.current?.move(share);
        }}
        onBlur={() => {
          setByKeys(false);
          chart.current?.leave();
        }}
      >
        <div className="kv-plot" ref={box} />
        <span className="kv-hidden" role="status">
          {byKeys && cursor ? said(curves, cursor) : ""}
        </span>
        {cursor && cursor.marks.length > 0 && <MarkTip cursor={cursor} width={box.current?.clientWidth ?? 0} />}
      </div>
    </figure>
  );
}
