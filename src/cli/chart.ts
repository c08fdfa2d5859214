// Range query results as a small chart of characters.

import { maxOf, formatFloat } from '../model/index.js';
import { printable, width } from './printable.js';
import type { Answer, AnswerSeries } from './answer.js';
import { formatUtc } from './format-utc.js';

export interface ChartOptions {
  /** Maximum width of a line. */
  readonly columns: number;
  readonly colors: boolean;
  readonly startMs: number;
  readonly endMs: number;
}

const ROWS = 15;
const MAX_SERIES = 10;
const MIN_COLUMNS = 40;
/** The bits of the dots of a braille character, two columns of four. Source: Unicode, Braille Patterns. */
const DOTS = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const;
const COLORS = [36, 33, 32, 35, 34, 31, 96, 93, 92, 95] as const;

/**
 * Renders the first ten series, with the highest and the lowest value at the left, the times below, and a legend with one
 * line for each series. Series differ in color or, without colors, in a letter. Values that are not finite are not drawn;
 * the legend counts them.
 */
export function renderChart({ series }: Answer, options: ChartOptions): string {
  if (series.length === 0) return 'no data\n';
  const shown = series.slice(0, MAX_SERIES);
  const values = shown.flatMap(({ points }) => points.flatMap(({ value }) => finite(value)));
  const bounds = boundsOf(values);
  const labels = axisLabels(bounds);
  const margin = maxOf(labels.map(width));
  const canvas = new Canvas(Math.max(10, Math.max(MIN_COLUMNS, options.columns) - margin - 3), ROWS);
  drawSeries(canvas, shown, bounds, options);

  const style = new SeriesStyle(options.colors, shown.length);
  const plot = canvas.lines((i, dots) => style.mark(i, String.fromCodePoint(0x2800 + dots)));
  const labelRows = new Map([
    [0, labels[0]],
    [ROWS >> 1, labels[1]],
    [ROWS - 1, labels[2]],
  ]);
  const lines = plot.map((line, row) => `${(labelRows.get(row) ?? '').padStart(margin)} ┤ ${line}`.trimEnd());
  const rule = `${' '.repeat(margin)} └${'─'.repeat(canvas.width + 1)}`;
  const axis = ' '.repeat(margin + 3) + axisTimes(options, canvas.width);
  const legend = shown.map((one, i) => `${style.mark(i, '━')} ${legendOf(one)}`);
  const rest =
    series.length > MAX_SERIES ? [`… and ${series.length - MAX_SERIES} more series, not shown`] : [];
  return [...lines, rule, axis, ...legend, ...rest].map((line) => `${line}\n`).join('');
}

function drawSeries(
  canvas: Canvas,
  series: readonly AnswerSeries[],
  { low, high }: Bounds,
  { startMs, endMs }: ChartOptions,
): void {
  for (const [i, { points }] of series.entries()) {
    for (const { timeMs, value } of points) {
      if (value === undefined || !Number.isFinite(value)) continue;
      const x = endMs === startMs ? 0.5 : share(timeMs, startMs, endMs);
      canvas.dot(x, 1 - share(value, low, high), i);
    }
  }
}

/** Distinguishes series by color, or by a letter when there are several without colors. */
class SeriesStyle {
  readonly #colors: boolean;
  readonly #letters: boolean;

  constructor(colors: boolean, seriesCount: number) {
    this.#colors = colors;
    this.#letters = !colors && seriesCount > 1;
  }

  /** @param mark shown unless a letter is. */
  mark(series: number, mark: string): string {
    if (this.#letters) return String.fromCharCode(0x61 + series);
    return this.#colors ? `\x1b[${COLORS[series % COLORS.length]!}m${mark}\x1b[0m` : mark;
  }
}

/** Cells of two by four dots. A cell belongs to the series that was drawn last. */
class Canvas {
  readonly width: number;
  readonly #height: number;
  readonly #dots: Uint8Array;
  readonly #owner: Int8Array;

  constructor(columns: number, rows: number) {
    this.width = columns;
    this.#height = rows;
    this.#dots = new Uint8Array(columns * rows);
    this.#owner = new Int8Array(columns * rows);
  }

  /** @param x, y from 0 at the left and the top to 1, inclusive. */
  dot(x: number, y: number, owner: number): void {
    if (!(x >= 0 && x <= 1)) return; // the answer has times outside of the requested range
    const column = Math.round(x * (this.width * 2 - 1));
    const row = Math.round(y * (this.#height * 4 - 1));
    const cell = (row >> 2) * this.width + (column >> 1);
    const bit = DOTS[row & 3]![column & 1]!;
    this.#dots[cell] = this.#owner[cell] === owner ? this.#dots[cell]! | bit : bit;
    this.#owner[cell] = owner;
  }

  lines(mark: (owner: number, dots: number) => string): string[] {
    return Array.from({ length: this.#height }, (_, row) => {
      let line = '';
      for (let cell = row * this.width; cell < (row + 1) * this.width; cell++) {
        line += this.#dots[cell] === 0 ? ' ' : mark(this.#owner[cell]!, this.#dots[cell]!);
      }
      return line;
    });
  }
}

function finite(value: number | undefined): number[] {
  return value !== undefined && Number.isFinite(value) ? [value] : [];
}

interface Bounds {
  readonly low: number;
  readonly high: number;
}

/** The lowest and the highest value, with space around equal ones. */
function boundsOf(values: readonly number[]): Bounds {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return { low: 0, high: 1 };
  if (low < high) return { low, high };
  const half = Math.abs(low) / 2 || 1;
  return { low: low - half, high: high + half };
}

/** The position of the value between both, from 0 to 1. Halves keep the distance finite. */
function share(value: number, low: number, high: number): number {
  return (value / 2 - low / 2) / (high / 2 - low / 2);
}

function axisLabels({ low, high }: Bounds): [string, string, string] {
  // Halved first, so that the sum of two large numbers is finite.
  return [high, low / 2 + high / 2, low].map(short) as [string, string, string];
}

/** Five significant digits: the position on an axis, not an exact value. */
function short(value: number): string {
  return formatFloat(Number(value.toPrecision(5)));
}

/** The first time at the left and the last at the right, without dates when these do not fit. */
function axisTimes({ startMs, endMs }: ChartOptions, columns: number): string {
  const [start, end] = [startMs, endMs].map(formatUtc) as [string, string];
  if (start.length + end.length < columns) return start + end.padStart(columns - start.length);
  return `${start.slice(11)} ${end.slice(11).padStart(columns - start.length + 10)}`;
}

function legendOf({ labels, points }: AnswerSeries): string {
  const values = points.flatMap(({ value }) => finite(value));
  const parts: string[] = [];
  if (values.length > 0) {
    const [low, high] = values.reduce(
      ([least, most], value) => [Math.min(least, value), Math.max(most, value)],
      [Infinity, -Infinity],
    );
    parts.push(`min ${formatFloat(low)}, max ${formatFloat(high)}, last ${formatFloat(values.at(-1)!)}`);
  }
  const missing = points.length - values.length;
  if (missing > 0) parts.push(`${missing} not drawn`);
  return `${seriesText(labels)}  ${parts.join(', ')}`.trimEnd();
}

/** A series as PromQL writes it, with labels in the order of their names. */
function seriesText(labels: AnswerSeries['labels']): string {
  const { __name__: name = '', ...rest } = labels;
  const pairs = Object.entries(rest)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  return printable(pairs.length === 0 && name !== '' ? name : `${name}{${pairs.join(', ')}}`);
}
