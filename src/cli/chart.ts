// A range as a small chart of characters.

import { formatFloat } from '../model/index.js';
import { printable, width } from './printable.js';
import type { Answer, AnswerSeries } from './answer.js';
import { formatUtc } from './format-utc.js';

export interface ChartOptions {
  /** How wide a line may be. */
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
 * The first ten series over the range, with the highest and lowest value at the left, the times below, and a line a
 * series of what it is. Series are told apart by color or, without colors, by a letter. What is not finite has no
 * place on the chart; the legend counts it.
 */
export function renderChart({ series }: Answer, options: ChartOptions): string {
  if (series.length === 0) return 'no data\n';
  const shown = series.slice(0, MAX_SERIES);
  const values = shown.flatMap(({ points }) => points.flatMap(({ value }) => finite(value)));
  const { low, high } = boundsOf(values);
  const labels = axisLabels(low, high);
  const margin = Math.max(...labels.map(width));
  const cells = Math.max(MIN_COLUMNS, options.columns) - margin - 3;

  const canvas = new Canvas(Math.max(10, cells), ROWS);
  shown.forEach(({ points }, i) => {
    for (const { timeMs, value } of points) {
      if (value === undefined || !Number.isFinite(value)) continue;
      const x = options.endMs === options.startMs ? 0.5 : share(timeMs, options.startMs, options.endMs);
      canvas.dot(x, 1 - share(value, low, high), i);
    }
  });

  const paint = (i: number, text: string): string =>
    options.colors ? `\x1b[${COLORS[i % COLORS.length]!}m${text}\x1b[0m` : text;
  const letters = !options.colors && shown.length > 1;
  const mark = (i: number, dots: number): string =>
    paint(i, letters ? letterOf(i) : String.fromCodePoint(0x2800 + dots));
  const lines = canvas.lines(mark).map((line, row) => {
    const label = row === 0 ? labels[0] : row === ROWS >> 1 ? labels[1] : row === ROWS - 1 ? labels[2] : '';
    return `${label.padStart(margin)} ┤ ${line}`.trimEnd();
  });
  const rule = `${' '.repeat(margin)} └${'─'.repeat(canvas.width + 1)}`;
  const axis = ' '.repeat(margin + 3) + axisTimes(options, canvas.width);
  const legend = shown.map((one, i) => `${paint(i, letters ? letterOf(i) : '━')} ${legendOf(one)}`);
  const rest =
    series.length > MAX_SERIES ? [`… and ${series.length - MAX_SERIES} more series, not shown`] : [];
  return [...lines, rule, axis, ...legend, ...rest].map((line) => `${line}\n`).join('');
}

/** Cells of two by four dots, each of the series that came last. */
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
    if (!(x >= 0 && x <= 1)) return; // an answer of another range than was asked for
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

/** A flat line lies in the middle. */
function boundsOf(values: readonly number[]): { low: number; high: number } {
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

/** Where the value lies between both, from 0 to 1. Halves keep the distance finite. */
function share(value: number, low: number, high: number): number {
  return (value / 2 - low / 2) / (high / 2 - low / 2);
}

function axisLabels(low: number, high: number): [string, string, string] {
  // Halved first, so that the middle of the two largest numbers is one.
  return [high, low / 2 + high / 2, low].map(short) as [string, string, string];
}

/** Five digits: a place on an axis, not a value. */
function short(value: number): string {
  return formatFloat(Number(value.toPrecision(5)));
}

/** The first time at the left, the last at the right; without their dates where those have no room. */
function axisTimes({ startMs, endMs }: ChartOptions, columns: number): string {
  const [start, end] = [startMs, endMs].map(formatUtc) as [string, string];
  if (start.length + end.length < columns) return start + end.padStart(columns - start.length);
  return `${start.slice(11)} ${end.slice(11).padStart(columns - start.length + 10)}`;
}

function letterOf(i: number): string {
  return String.fromCharCode(0x61 + i);
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

/** As PromQL writes a series: the name, then labels by name. */
function seriesText(labels: AnswerSeries['labels']): string {
  const { __name__: name = '', ...rest } = labels;
  const pairs = Object.entries(rest)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  return printable(pairs.length === 0 && name !== '' ? name : `${name}{${pairs.join(', ')}}`);
}
