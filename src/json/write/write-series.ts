// Writes series as the elements of a `result` array.

import {
  bucketsOf,
  formatFloat,
  formatTimestamp,
  type Column,
  type Grid,
  type Histogram,
  type Labels,
  type RawSeries,
} from '../../model/index.js';
import { MAX_FLOAT_BYTES } from '../number/write-float.js';
import { type BlockWriter, PointPrefixes } from './block-writer.js';
import { maxLabelsBytes } from './write-labels.js';

/** Upper bound on the bytes around a number: names of members, brackets and a timestamp. */
const MAX_SYNTAX_BYTES = 64;
const MAX_POINT_BYTES = MAX_SYNTAX_BYTES + MAX_FLOAT_BYTES;

/** Writes one series to a block, and yields the block whenever it is full. */
export type SeriesWriter<T> = (block: BlockWriter, item: T) => Generator<Uint8Array>;

/** Writes columns of an instant query, each with a sample at its only step. */
export function instantSeries({ startMs }: Grid): SeriesWriter<Column> {
  const at = formatTimestamp(startMs);
  const value = `,"value":[${at},"`;
  return function* (block, { labels, values, present, histograms }) {
    while (!block.fits(maxLabelsBytes(labels) + MAX_POINT_BYTES)) yield block.flush();
    block.labels(labels);
    if (present[0] === 2) {
      const point = `,"histogram":${histogramPoint(startMs, histograms![0]!)}}`;
      while (!block.fits(point.length)) yield block.flush();
      block.text(point);
      return;
    }
    block.text(value);
    block.float(values[0]!);
    block.text('"]}');
  };
}

interface RangeColumn {
  readonly labels: Labels;
  readonly values: Float64Array;
  /** Every step has a float when it is left out. */
  readonly present?: Uint8Array;
  readonly histograms?: Column['histograms'];
}

/** Writes columns of a range query. */
export function rangeSeries({ startMs, stepMs, count }: Grid): SeriesWriter<RangeColumn> {
  const times = Array.from({ length: count }, (_, step) => formatTimestamp(startMs + step * stepMs));
  const prefixes = new PointPrefixes(times.map((time) => `,[${time},"`));
  return function* (block, { labels, values, present, histograms }) {
    while (!block.fits(maxLabelsBytes(labels) + MAX_POINT_BYTES)) yield block.flush();
    block.labels(labels);
    const histogramStep = histograms === undefined ? -1 : present!.indexOf(2);
    const firstStep = present === undefined ? 0 : present.indexOf(1);
    if (firstStep >= 0) {
      block.text(`,"values":[[${times[firstStep]!},"`);
      block.float(values[firstStep]!);
      block.text('"]');
      for (let step = firstStep + 1; (step = block.points(prefixes, values, present, step)) < count;) {
        while (!block.fits(prefixes.maxPointBytes)) yield block.flush();
      }
      while (!block.fits(MAX_SYNTAX_BYTES)) yield block.flush();
      block.text(']');
    } else if (histogramStep < 0) {
      block.text(',"values":[]');
    }
    if (histogramStep >= 0) {
      let separator = ',"histograms":[';
      for (let step = histogramStep; step < count; step++) {
        if (present![step] !== 2) continue;
        const point = separator + histogramPoint(startMs + step * stepMs, histograms![step]!);
        while (!block.fits(point.length + MAX_SYNTAX_BYTES)) yield block.flush();
        block.text(point);
        separator = ',';
      }
      block.text(']');
    }
    block.text('}');
  };
}

/** Writes the raw samples of a series. */
export function* rawSeries(
  block: BlockWriter,
  { labels, timestamps, values, histograms }: RawSeries,
): Generator<Uint8Array> {
  while (!block.fits(maxLabelsBytes(labels) + MAX_POINT_BYTES)) yield block.flush();
  block.labels(labels);
  const hasHistograms = histograms?.some((histogram) => histogram !== undefined) === true;
  if (!hasHistograms || timestamps.some((_, i) => histograms[i] === undefined)) {
    block.text(',"values":[');
    let separator = '[';
    for (let i = 0; i < timestamps.length; i++) {
      if (histograms?.[i] !== undefined) continue;
      while (!block.fits(MAX_POINT_BYTES)) yield block.flush();
      block.text(separator + formatTimestamp(timestamps[i]!));
      block.text(',"');
      block.float(values[i]!);
      block.text('"]');
      separator = ',[';
    }
    while (!block.fits(MAX_SYNTAX_BYTES)) yield block.flush();
    block.text(']');
  }
  if (hasHistograms) {
    let separator = ',"histograms":[';
    for (let i = 0; i < timestamps.length; i++) {
      const histogram = histograms[i];
      if (histogram === undefined) continue;
      const point = separator + histogramPoint(timestamps[i]!, histogram);
      while (!block.fits(point.length + MAX_SYNTAX_BYTES)) yield block.flush();
      block.text(point);
      separator = ',';
    }
    block.text(']');
  }
  block.text('}');
}

/** A native histogram as the API prints it. Source: Prometheus, util/jsonutil (`MarshalHistogram`). */
function histogramPoint(timeMs: number, histogram: Histogram): string {
  const buckets = bucketsOf(histogram).map(({ lower, upper, lowerInclusive, upperInclusive, count }) => {
    const bounds = lowerInclusive ? (upperInclusive ? 3 : 1) : upperInclusive ? 0 : 2;
    return `[${bounds},"${formatFloat(lower)}","${formatFloat(upper)}","${formatFloat(count)}"]`;
  });
  const { count, sum } = histogram;
  const members = [`"count":"${formatFloat(count)}"`, `"sum":"${formatFloat(sum)}"`];
  if (buckets.length > 0) members.push(`"buckets":[${buckets.join(',')}]`);
  return `[${formatTimestamp(timeMs)},{${members.join(',')}}]`;
}
