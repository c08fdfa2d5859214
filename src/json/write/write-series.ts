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

/** More than what stands around a number: names of members, brackets, a time. */
const FRAME_ROOM = 64;
const POINT_ROOM = FRAME_ROOM + MAX_FLOAT_BYTES;

/** Writes one series to a block; yields what it flushes of it. */
export type SeriesWriter<T> = (block: BlockWriter, item: T) => Generator<Uint8Array>;

/** A column at the one step of an instant query, at which it has a sample. */
export function instantSeries({ startMs }: Grid): SeriesWriter<Column> {
  const at = formatTimestamp(startMs);
  const value = `,"value":[${at},"`;
  return function* (block, { labels, values, present, histograms }) {
    while (!block.fits(maxLabelsBytes(labels) + POINT_ROOM)) yield block.flush();
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

/** What `rangeSeries` writes; without `present` every step has a float. */
interface RangeColumn {
  readonly labels: Labels;
  readonly values: Float64Array;
  readonly present?: Uint8Array;
  readonly histograms?: Column['histograms'];
}

/** A column of a range query. */
export function rangeSeries({ startMs, stepMs, count }: Grid): SeriesWriter<RangeColumn> {
  const times = Array.from({ length: count }, (_, step) => formatTimestamp(startMs + step * stepMs));
  const prefixes = new PointPrefixes(times.map((time) => `,[${time},"`));
  return function* (block, { labels, values, present, histograms }) {
    while (!block.fits(maxLabelsBytes(labels) + POINT_ROOM)) yield block.flush();
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
      while (!block.fits(FRAME_ROOM)) yield block.flush();
      block.text(']');
    } else if (histogramStep < 0) {
      block.text(',"values":[]');
    }
    if (histogramStep >= 0) {
      let separator = ',"histograms":[';
      for (let step = histogramStep; step < count; step++) {
        if (present![step] !== 2) continue;
        const point = separator + histogramPoint(startMs + step * stepMs, histograms![step]!);
        while (!block.fits(point.length + FRAME_ROOM)) yield block.flush();
        block.text(point);
        separator = ',';
      }
      block.text(']');
    }
    block.text('}');
  };
}

/** The raw samples of a series. */
export function* rawSeries(
  block: BlockWriter,
  { labels, timestamps, values, histograms }: RawSeries,
): Generator<Uint8Array> {
  while (!block.fits(maxLabelsBytes(labels) + POINT_ROOM)) yield block.flush();
  block.labels(labels);
  const hasHistograms = histograms?.some((histogram) => histogram !== undefined) === true;
  if (!hasHistograms || timestamps.some((_, i) => histograms[i] === undefined)) {
    block.text(',"values":[');
    let separator = '[';
    for (let i = 0; i < timestamps.length; i++) {
      if (histograms?.[i] !== undefined) continue;
      while (!block.fits(POINT_ROOM)) yield block.flush();
      block.text(separator + formatTimestamp(timestamps[i]!));
      block.text(',"');
      block.float(values[i]!);
      block.text('"]');
      separator = ',[';
    }
    while (!block.fits(FRAME_ROOM)) yield block.flush();
    block.text(']');
  }
  if (hasHistograms) {
    let separator = ',"histograms":[';
    for (let i = 0; i < timestamps.length; i++) {
      const histogram = histograms[i];
      if (histogram === undefined) continue;
      const point = separator + histogramPoint(timestamps[i]!, histogram);
      while (!block.fits(point.length + FRAME_ROOM)) yield block.flush();
      block.text(point);
      separator = ',';
    }
    block.text(']');
  }
  block.text('}');
}

/** Source: Prometheus, util/jsonutil (`MarshalHistogram`). */
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
