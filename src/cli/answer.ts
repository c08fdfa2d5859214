// The answer to a query as tables and charts show it.

import {
  formatFloat,
  Labels,
  printHistogram,
  type Column,
  type Grid,
  type Histogram,
  type RawSeries,
  type Value,
} from '../model/index.js';

export interface Point {
  readonly timeMs: number;
  /** The text of the API; for a native histogram, the notation of Prometheus' own table. */
  readonly text: string;
  /** Undefined for a native histogram. */
  readonly value: number | undefined;
}

export interface AnswerSeries {
  readonly labels: Readonly<Record<string, string>>;
  /** Ordered by time; a vector's series have one. */
  readonly points: readonly Point[];
}

export interface Answer {
  readonly resultType: 'vector' | 'matrix' | 'scalar' | 'string';
  /** In the order of the API. A scalar or a string is one series without labels. */
  readonly series: readonly AnswerSeries[];
}

/** Converts the result of an evaluation, with the types and the order that the API gives it. */
export function answerOf(
  value: Value,
  { kind, grid }: { readonly kind: 'instant' | 'range'; readonly grid: Grid },
): Answer {
  switch (value.type) {
    case 'string':
      return {
        resultType: 'string',
        series: [{ labels: {}, points: [{ timeMs: grid.startMs, text: value.value, value: undefined }] }],
      };
    case 'scalar': {
      const points = [...value.values].map((one, step) => pointOf(timeOf(grid, step), one, undefined));
      return { resultType: kind === 'instant' ? 'scalar' : 'matrix', series: [{ labels: {}, points }] };
    }
    case 'vector': {
      const series = value.columns.filter(({ present }) => present.some((sample) => sample !== 0));
      const isOrdered = value.ordered && kind === 'instant';
      if (!isOrdered) series.sort((a, b) => Labels.compare(a.labels, b.labels));
      return {
        resultType: kind === 'instant' ? 'vector' : 'matrix',
        series: series.map((column) => columnSeries(column, grid)),
      };
    }
    case 'matrix': {
      const series = [...value.series].sort((a, b) => Labels.compare(a.labels, b.labels));
      return { resultType: 'matrix', series: series.map(rawSeries) };
    }
  }
}

function columnSeries({ labels, values, present, histograms }: Column, grid: Grid): AnswerSeries {
  const points: Point[] = [];
  for (let step = 0; step < grid.count; step++) {
    if (present[step] === 0) continue;
    const histogram = present[step] === 2 ? histograms?.[step] : undefined;
    points.push(pointOf(timeOf(grid, step), values[step]!, histogram));
  }
  return { labels: labels.toJSON(), points };
}

function rawSeries({ labels, timestamps, values, histograms }: RawSeries): AnswerSeries {
  const points = [...timestamps].map((timeMs, i) => pointOf(timeMs, values[i]!, histograms?.[i]));
  return { labels: labels.toJSON(), points };
}

function timeOf({ startMs, stepMs }: Grid, step: number): number {
  return startMs + step * stepMs;
}

function pointOf(timeMs: number, value: number, histogram: Histogram | undefined): Point {
  return histogram === undefined
    ? { timeMs, text: formatFloat(value), value }
    : { timeMs, text: printHistogram(histogram), value: undefined };
}
