// Answers as JSON: streamed, never built as a whole.

import {
  formatFloat,
  formatTimestamp,
  Labels,
  TRUNCATED,
  type Annotations,
  type Column,
  type Grid,
  type RawSeries,
} from '../model/index.js';
import type { QueryAnswer } from '../federation/index.js';

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
      yield text(`{"status":"success","data":{"resultType":"${answer.resultType}","result":[`);
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
        rangeSeries(column, grid),
      );
      break;
    case 'vector': {
      const present = value.columns.filter((column) => column.present.includes(1));
      const ordered = value.ordered && kind === 'instant';
      const sorted = ordered ? present : present.sort((a, b) => Labels.compare(a.labels, b.labels));
      const encode = kind === 'instant' ? instantSeries : rangeSeries;
      yield head(kind === 'instant' ? 'vector' : 'matrix');
      yield* array(limited(sorted, options.limit, annotations), (column) => encode(column, grid));
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
  const sample = `[${formatTimestamp(grid.startMs)},"${formatFloat(column.values[0]!)}"]`;
  return `{"metric":${JSON.stringify(column.labels)},"value":${sample}}`;
}

/** @param column without `present` every step has a value. */
function rangeSeries(
  column: Pick<Column, 'labels' | 'values'> & { readonly present: Uint8Array | undefined },
  grid: Grid,
): string {
  const samples: string[] = [];
  for (let step = 0; step < grid.count; step++) {
    if (column.present?.[step] === 0) continue;
    samples.push(
      `[${formatTimestamp(grid.startMs + step * grid.stepMs)},"${formatFloat(column.values[step]!)}"]`,
    );
  }
  return `{"metric":${JSON.stringify(column.labels)},"values":[${samples.join(',')}]}`;
}

function rawSeries({ labels, timestamps, values }: RawSeries): string {
  const samples = Array.from(
    timestamps,
    (timeMs, i) => `[${formatTimestamp(timeMs)},"${formatFloat(values[i]!)}"]`,
  );
  return `{"metric":${JSON.stringify(labels)},"values":[${samples.join(',')}]}`;
}

function limited<T>(items: readonly T[], limit: number | undefined, annotations: Annotations): readonly T[] {
  if (limit === undefined || items.length <= limit) return items;
  annotations.notice(TRUNCATED);
  return items.slice(0, limit);
}
