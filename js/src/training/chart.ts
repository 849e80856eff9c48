import uPlot from "uplot";

import { figure } from "../graph/format";
import { aligned, type Curves, type Look, type Mark } from "./curves";

const WRONG = new Set(["nan", "error"]);
const KINDS = ["batch", "smooth", "train", "validation"] as const;

function colours(box: HTMLElement) {
  const style = getComputedStyle(box);
  const read = (name: string) => style.getPropertyValue(name).trim();
  return {
    line: read("--kv-line"),
    text: read("--kv-text-2"),
    train: read("--kv-train"),
    validation: read("--kv-validation"),
    best: read("--kv-best"),
    mark: read("--kv-text-3"),
    error: read("--kv-error"),
  };
}

/** Where the crosshair is: over which x, how far from the left, and beside which marks. */
export interface Cursor {
  x: number;
  left: number;
  marks: Mark[];
}

const NEAR = 7;

/** One chart of a metric, on a canvas. */
export class Chart {
  private plot: uPlot | null = null;
  private shown: Curves | null = null;
  private look = "";
  private size = { width: 60, height: 60 };
  private readonly watch: ResizeObserver;

  constructor(
    private readonly box: HTMLElement,
    private readonly onCursor: (cursor: Cursor | null) => void,
    private readonly group: string,
  ) {
    this.watch = new ResizeObserver(() => this.fit());
    this.watch.observe(box);
  }

  draw(curves: Curves, look: Look, theme: string): void {
    this.shown = curves;
    const wanted = JSON.stringify([look.logarithmic, look.smoothing > 0, theme]);
    if (!this.plot || this.look !== wanted) {
      this.plot?.destroy();
      this.plot = new uPlot(this.options(look), this.data(curves), this.box);
      this.look = wanted;
    } else this.plot.setData(this.data(curves));
    this.fit();
  }

  /** Move the crosshair by a share of the points, or to an end; all charts of the group follow. */
  move(share: number): void {
    const plot = this.plot;
    const xs = plot?.data[0];
    if (!plot || !xs?.length) return;
    const last = xs.length - 1;
    const step = Math.sign(share) * Math.max(1, Math.round(Math.abs(share) * last));
    const index = Math.min(last, Math.max(0, (plot.cursor.idx ?? (share < 0 ? last + 1 : -1)) + step));
    plot.setCursor({ left: plot.valToPos(xs[index] as number, "x"), top: plot.bbox.height / devicePixelRatio / 2 });
  }

  leave(): void {
    this.plot?.setCursor({ left: -10, top: -10 });
  }

  destroy(): void {
    this.watch.disconnect();
    this.plot?.destroy();
  }

  private data(curves: Curves): uPlot.AlignedData {
    const all = KINDS.map(
      (name) => curves.curves.find((curve) => curve.name === name) ?? { name, points: { x: [], y: [] } },
    );
    const { x, ys } = aligned(all);
    return [x, ...ys];
  }

  private fit(): void {
    const { clientWidth: width, clientHeight: height } = this.box;
    if (!this.plot || width === 0 || height === 0) return; // hidden: a later size or a later draw fits it
    this.size = { width, height };
    if (this.plot.width !== width || this.plot.height !== height) this.plot.setSize({ width, height });
  }

  private options(look: Look): uPlot.Options {
    const paint = colours(this.box);
    const faint = look.smoothing > 0;
    const font = `11px ${getComputedStyle(this.box).fontFamily}`;
    const axis = { stroke: paint.text, grid: { stroke: paint.line, width: 1 }, ticks: { show: false }, font, gap: 4 };
    const base = { spanGaps: true };
    return {
      ...this.size,
      padding: [10, 10, 0, 0],
      legend: { show: false },
      cursor: { sync: { key: this.group }, drag: { x: true, y: false }, points: { size: 6 } },
      scales: {
        x: { time: false, range: (_plot, low, high) => [Math.min(0, low ?? 0), Math.max(high ?? 1, 1e-6)] },
        y: look.logarithmic ? { distr: 3 } : { range: (_plot, low, high) => padded(low, high) },
      },
      axes: [
        { ...axis, size: 24, space: 60 },
        {
          ...axis,
          size: 46,
          space: 28,
          values: (_plot, splits) => splits.map((value) => (value === null ? "" : figure(value))),
        },
      ],
      series: [
        {},
        { ...base, label: "batch", stroke: paint.train, width: 1, alpha: faint ? 0.22 : 0.75, points: { show: false } },
        { ...base, label: "smooth", stroke: paint.train, width: 1.5, alpha: 0.6, points: { show: false } },
        { ...base, label: "train", stroke: paint.train, width: 2, points: { show: true, size: 5, fill: paint.train } },
        {
          ...base,
          label: "validation",
          stroke: paint.validation,
          width: 2,
          dash: [6, 4],
          points: { show: true, size: 5, fill: paint.validation },
        },
      ],
      hooks: {
        drawClear: [(plot) => this.marks(plot, paint)],
        draw: [(plot) => this.star(plot, paint.best)],
        setCursor: [(plot) => this.onCursor(this.cursorOf(plot))],
      },
    };
  }

  private cursorOf(plot: uPlot): Cursor | null {
    const { idx, left = -1 } = plot.cursor;
    const x = idx == null ? undefined : plot.data[0][idx];
    if (x === undefined || left < 0) return null;
    const marks = this.shown?.marks.filter((mark) => Math.abs(plot.valToPos(mark.x, "x") - left) < NEAR) ?? [];
    return { x, left: left + plot.bbox.left / devicePixelRatio, marks };
  }

  private marks(plot: uPlot, paint: ReturnType<typeof colours>): void {
    const { ctx, bbox } = plot;
    ctx.save();
    const half = 4 * devicePixelRatio;
    for (const mark of this.shown?.marks ?? []) {
      if (mark.kind === "best") continue;
      const x = Math.round(plot.valToPos(mark.x, "x", true)) + 0.5;
      if (x < bbox.left || x > bbox.left + bbox.width) continue;
      const colour = WRONG.has(mark.kind) ? paint.error : paint.mark;
      ctx.strokeStyle = colour;
      ctx.fillStyle = colour;
      ctx.setLineDash([2, 4]);
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      ctx.beginPath();
      ctx.moveTo(x - half, bbox.top);
      ctx.lineTo(x + half, bbox.top);
      ctx.lineTo(x, bbox.top + half * 1.5);
      ctx.fill();
    }
    ctx.restore();
  }

  private star(plot: uPlot, colour: string): void {
    const best = this.shown?.best;
    if (!best) return;
    const { ctx } = plot;
    const x = plot.valToPos(best.x, "x", true);
    const y = plot.valToPos(best.y, "y", true);
    if (!Number.isFinite(x) || !Number.isFinite(y)) return;
    const size = 6 * devicePixelRatio;
    ctx.save();
    ctx.fillStyle = colour;
    ctx.beginPath();
    for (let point = 0; point < 10; point += 1) {
      const angle = (point * Math.PI) / 5 - Math.PI / 2;
      const reach = point % 2 === 0 ? size : size * 0.45;
      ctx.lineTo(x + Math.cos(angle) * reach, y + Math.sin(angle) * reach);
    }
    ctx.fill();
    ctx.restore();
  }
}

function padded(low: number | null, high: number | null): [number, number] {
  if (low === null || high === null) return [0, 1];
  const span = high - low || Math.abs(high) || 1;
  return [low >= 0 && low - span * 0.06 < 0 ? 0 : low - span * 0.06, high + span * 0.08];
}
