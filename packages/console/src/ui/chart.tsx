/** Charts, drawn by uPlot. */
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { bucketEnd } from "../protocol/times.ts";
import { colour, scheme } from "./colours.ts";
import { short, shortDuration } from "./format.ts";

type Data = uPlot.AlignedData;
type MakeOptions = () => Omit<uPlot.Options, "width" | "height">;

/** Made once, and again when the colours change; only its data changes. */
function Chart(props: { data: Data; height: number; make: MakeOptions; label: string }): JSX.Element {
  const { data, height, make, label } = props;
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  useEffect(() => {
    const element = box.current!;
    const made = new uPlot({ ...make(), width: Math.max(1, element.clientWidth), height }, data, element);
    chart.current = made;
    const observer = new ResizeObserver(() => {
      if (element.clientWidth > 0) made.setSize({ width: element.clientWidth, height });
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      chart.current = null;
    };
  }, [scheme.value]);
  useEffect(() => chart.current?.setData(data), [data]);
  return <div class="chart" role="img" aria-label={label} ref={box} style={{ height: `${height}px` }} />;
}

/** The course of one figure, without axes: a path, since a canvas costs far more than there is to draw. */
export function Sparkline(props: {
  times: readonly number[];
  values: readonly number[];
  top?: number;
  colour: string;
  label: string;
}): JSX.Element {
  const { times, values, label } = props;
  const [from = 0] = times;
  const across = SPARK.width / Math.max(1, (times.at(-1) ?? 0) - from);
  const up = SPARK.height / (props.top ?? Math.max(1, ...values));
  const points = times.map(
    (time, i) => `${((time - from) * across).toFixed(1)} ${(SPARK.height - values[i]! * up).toFixed(1)}`,
  );
  const line = points.length === 0 ? "" : `M${points.join("L")}`;
  return (
    <svg
      class="spark"
      role="img"
      aria-label={label}
      viewBox={`0 0 ${SPARK.width} ${SPARK.height}`}
      preserveAspectRatio="none"
      style={{ color: `var(--${props.colour})` }}
    >
      <path class="area" d={line === "" ? "" : `${line}V${SPARK.height}H0z`} />
      <path class="line" d={line} />
    </svg>
  );
}
const SPARK = { width: 300, height: 32 };

/** How full a resource was. */
export function FillChart(props: {
  times: readonly number[];
  sizes: readonly number[];
  capacity: number | undefined;
}): JSX.Element {
  const { times, sizes, capacity } = props;
  const last = times.at(-1) ?? 0;
  const make: MakeOptions = () => ({
    cursor: { y: false, points: { show: false } },
    legend: { show: false },
    scales: { x: { time: false }, y: { range: (_, __, max) => [0, Math.max(capacity ?? max, 1)] } },
    axes: [
      axis((values) => values.map((value) => (value === 0 ? "now" : `${value} s`))),
      {
        ...axis((values) => values.map((value) => short(value))),
        splits: (_, __, ___, top) => (top < 4 ? [0, top] : [0, Math.round(top / 2), top]),
      },
    ],
    series: [
      {},
      {
        stroke: colour("accent"),
        fill: faded(colour("accent")),
        width: 1.5,
        points: { show: false },
        paths: uPlot.paths.stepped!({ align: 1 }),
      },
    ],
  });
  const data: Data = [times.map((time) => (time - last) / 1000), [...sizes]];
  return <Chart data={data} height={130} make={make} label="How full it was in the last two minutes" />;
}

/** Counts by duration, each bar twice as long a time as the one before. */
export function Histogram(props: { counts: readonly number[]; colour: string; label: string }): JSX.Element {
  const { counts, label } = props;
  const first = Math.max(0, counts.findIndex((n) => n > 0) - 1);
  const last = Math.max(first + 6, counts.findLastIndex((n) => n > 0) + 1);
  const shown = Array.from({ length: last - first + 1 }, (_, i) => counts[first + i] ?? 0);
  const make: MakeOptions = () => ({
    cursor: { y: false, points: { show: false } },
    legend: { show: false },
    scales: {
      x: { time: false, range: (_, min, max) => [min - 0.5, max + 0.5] },
      y: { range: (_, __, max) => [0, max * 1.08 || 1] },
    },
    axes: [
      {
        ...axis((values) =>
          values.map((value) => (Number.isInteger(value) ? shortDuration(bucketEnd(value)) : "")),
        ),
        space: 52,
        incrs: [1, 2, 3, 4, 6],
      },
      axis((values) => values.map((value) => (Number.isInteger(value) ? short(value) : ""))),
    ],
    series: [
      {},
      {
        fill: colour(props.colour),
        stroke: colour(props.colour),
        width: 0,
        points: { show: false },
        paths: uPlot.paths.bars!({ size: [0.86, 60], align: 0 }),
      },
    ],
  });
  return <Chart data={[shown.map((_, i) => first + i), shown]} height={120} make={make} label={label} />;
}

function axis(values: (splits: number[]) => string[]): uPlot.Axis {
  const faint = colour("faint");
  const line = colour("line");
  return {
    stroke: faint,
    font: "11px system-ui, sans-serif",
    grid: { stroke: line, width: 1 },
    ticks: { stroke: line, width: 1, size: 4 },
    size: 40,
    values: (_, splits) => values(splits),
  };
}

function faded(rgb: string): string {
  return rgb.replace(/^rgb\((.*)\)$/, "rgba($1, 0.16)");
}
