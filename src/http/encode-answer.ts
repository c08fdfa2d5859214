// Answers as JSON: streamed, never built as a whole.

import {
  bucketsOf,
  formatFloat,
  formatTimestamp,
  Labels,
  TRUNCATED,
  type Annotations,
  type Column,
  type Grid,
  type Histogram,
  type RawSeries,
} from '../model/index.js';
import type { QueryAnswer } from '../federation/index.js';
import { encodeWhole } from '../merge/index.js';

/** About how many characters are handed on at once. */
const CHUNK = 64 * 1024;

/** What the encoder needs to know of the request. */
export interface EncodeOptions {
  readonly kind: 'instant' | 'range';
  readonly grid: Grid;
  /** At most so many series; undefined for all. */
  readonly limit: number | undefined;
}

/**
 * The body of a query's answer in Prometheus' envelope, in chunks: the series first, then warnings and infos, which
 * are complete only when the series are. Ends early with an error when the series do.
 */
export async function* encodeAnswer(
  answer: QueryAnswer,
  options: EncodeOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    if (answer.kind === 'bytes') {
      yield text(bytesHead(answer.resultType));
      yield* answer.series;
      yield text(']}');
    } else {
      for (const chunk of encodeValue(answer.value, options, answer.annotations)) yield text(chunk);
    }
    yield text(`${annotationMembers(answer.annotations)}}`);
  } finally {
    answer.release();
  }
}

/**
 * What `encodeAnswer` gives, in one piece, of an answer that is there as a whole; undefined of others. With it, the
 * answer is released.
 */
export function tryEncodeWhole(answer: QueryAnswer): Buffer | undefined {
  if (answer.kind !== 'bytes' || answer.whole === undefined) return undefined;
  const { resultType, whole, annotations } = answer;
  answer.release();
  return encodeWhole(whole, bytesHead(resultType), `]}${annotationMembers(annotations)}}`);
}

function bytesHead(resultType: string): string {
  return `{"status":"success","data":{"resultType":"${resultType}","result":[`;
}

/** `,"warnings":[…],"infos":[…]`, or nothing. */
export function annotationMembers({
  warnings,
  infos,
}: {
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
}): string {
  const members = [];
  if (warnings.length > 0) members.push(`,"warnings":${JSON.stringify(warnings)}`);
  if (infos.length > 0) members.push(`,"infos":${JSON.stringify(infos)}`);
  return members.join('');
}

function text(chunk: string): Uint8Array {
  return Buffer.from(chunk);
}

type Value = (QueryAnswer & { kind: 'value' })['value'];

/** The envelope up to the end of `data`. A scalar over a range is a matrix of one series without labels. */
function* encodeValue(value: Value, options: EncodeOptions, annotations: Annotations): Generator<string> {
  const { grid, kind } = options;
  const head = (type: string): string => `{"status":"success","data":{"resultType":"${type}","result":`;
  const at = formatTimestamp(grid.startMs);
  switch (value.type) {
    case 'string':
      yield `${head('string')}[${at},${JSON.stringify(value.value)}]}`;
      return;
    case 'scalar':
      if (kind === 'instant') {
        yield `${head('scalar')}[${at},"${formatFloat(value.values[0]!)}"]}`;
        return;
      }
      yield head('matrix');
      yield* array([{ labels: Labels.EMPTY, values: value.values, present: undefined }], (column) =>
        rangeSeries(column, grid, pointHeads(grid)),
      );
      break;
    case 'vector': {
      const present = value.columns.filter((column) => column.present.some((kind) => kind !== 0));
      const ordered = value.ordered && kind === 'instant';
      const sorted = ordered ? present : present.sort((a, b) => Labels.compare(a.labels, b.labels));
      const heads = kind === 'instant' ? [] : pointHeads(grid);
      yield head(kind === 'instant' ? 'vector' : 'matrix');
      yield* array(limited(sorted, options.limit, annotations), (column) =>
        kind === 'instant' ? instantSeries(column, grid) : rangeSeries(column, grid, heads),
      );
      break;
    }
    case 'matrix': {
      const sorted = [...value.series].sort((a, b) => Labels.compare(a.labels, b.labels));
      yield head('matrix');
      yield* array(limited(sorted, options.limit, annotations), rawSeries);
      break;
    }
  }
  yield '}';
}

/** A JSON array of what `encode` makes of the items, in chunks. */
function* array<T>(items: readonly T[], encode: (item: T) => string): Generator<string> {
  let chunk = '[';
  let separator = '';
  for (const item of items) {
    chunk += separator + encode(item);
    separator = ',';
    if (chunk.length > CHUNK) {
      yield chunk;
      chunk = '';
    }
  }
  yield `${chunk}]`;
}

function instantSeries(column: Column, grid: Grid): string {
  if (column.present[0] === 2) {
    const sample = histogramPoint(grid.startMs, column.histograms![0]!);
    return `{"metric":${JSON.stringify(column.labels)},"histogram":${sample}}`;
  }
  const sample = `[${formatTimestamp(grid.startMs)},"${formatFloat(column.values[0]!)}"]`;
  return `{"metric":${JSON.stringify(column.labels)},"value":${sample}}`;
}

/** A point of a float at each step up to its digits: the times are the same in every series. */
function pointHeads({ startMs, stepMs, count }: Grid): readonly string[] {
  return Array.from({ length: count }, (_, step) => `[${formatTimestamp(startMs + step * stepMs)},"`);
}

/**
 * @param column without `present` every step has a value.
 * @param heads those of the grid.
 */
function rangeSeries(
  column: Pick<Column, 'labels' | 'values' | 'histograms'> & { readonly present: Uint8Array | undefined },
  grid: Grid,
  heads: readonly string[],
): string {
  const samples: string[] = [];
  const histograms: string[] = [];
  for (let step = 0; step < grid.count; step++) {
    const kind = column.present?.[step] ?? 1;
    if (kind === 1) samples.push(`${heads[step]!}${formatFloat(column.values[step]!)}"]`);
    else if (kind === 2) {
      histograms.push(histogramPoint(grid.startMs + step * grid.stepMs, column.histograms![step]!));
    }
  }
  return series(column.labels, samples, histograms);
}

function rawSeries({ labels, timestamps, values, histograms: all }: RawSeries): string {
  const samples: string[] = [];
  const histograms: string[] = [];
  for (const [i, timeMs] of timestamps.entries()) {
    const histogram = all?.[i];
    if (histogram === undefined) samples.push(floatPoint(timeMs, values[i]!));
    else histograms.push(histogramPoint(timeMs, histogram));
  }
  return series(labels, samples, histograms);
}

/** Of `values` and `histograms`, members that would be empty are left out, unless both would be. */
function series(labels: Labels, samples: readonly string[], histograms: readonly string[]): string {
  const members = [`"metric":${JSON.stringify(labels)}`];
  if (samples.length > 0 || histograms.length === 0) members.push(`"values":[${samples.join(',')}]`);
  if (histograms.length > 0) members.push(`"histograms":[${histograms.join(',')}]`);
  return `{${members.join(',')}}`;
}

function floatPoint(timeMs: number, value: number): string {
  return `[${formatTimestamp(timeMs)},"${formatFloat(value)}"]`;
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

function limited<T>(items: readonly T[], limit: number | undefined, annotations: Annotations): readonly T[] {
  if (limit === undefined || items.length <= limit) return items;
  annotations.notice(TRUNCATED);
  return items.slice(0, limit);
}
