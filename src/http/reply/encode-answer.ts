// Answers as JSON: streamed, never built as a whole.

import type { QueryAnswer } from '../../federation/index.js';
import {
  encodeBuffered,
  AnswerBlock,
  instantSeries,
  rangeSeries,
  rawSeries,
  type SeriesWriter,
} from '../../json/index.js';
import {
  formatFloat,
  formatTimestamp,
  Labels,
  TRUNCATED,
  type Annotations,
  type Grid,
} from '../../model/index.js';

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
 *
 * A chunk belongs to the caller until the next `next()`: its memory is used again.
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
      yield* encodeValue(answer.value, options, answer.annotations);
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
export function tryEncodeBuffered(answer: QueryAnswer): Buffer | undefined {
  if (answer.kind !== 'bytes' || answer.buffered === undefined) return undefined;
  const { resultType, buffered: whole, annotations } = answer;
  answer.release();
  return encodeBuffered(whole, bytesHead(resultType), `]}${annotationMembers(annotations)}}`);
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
function* encodeValue(value: Value, options: EncodeOptions, annotations: Annotations): Generator<Uint8Array> {
  const { grid, kind } = options;
  const head = (type: string): string => `{"status":"success","data":{"resultType":"${type}","result":`;
  const at = formatTimestamp(grid.startMs);
  switch (value.type) {
    case 'string':
      yield text(`${head('string')}[${at},${JSON.stringify(value.value)}]}`);
      return;
    case 'scalar':
      if (kind === 'instant') {
        yield text(`${head('scalar')}[${at},"${formatFloat(value.values[0]!)}"]}`);
        return;
      }
      yield* seriesList(head('matrix'), [{ labels: Labels.EMPTY, values: value.values }], rangeSeries(grid));
      return;
    case 'vector': {
      const present = value.columns.filter((column) => column.present.some((kind) => kind !== 0));
      const ordered = value.ordered && kind === 'instant';
      const sorted = ordered ? present : present.sort((a, b) => Labels.compare(a.labels, b.labels));
      const columns = limited(sorted, options.limit, annotations);
      if (kind === 'instant') yield* seriesList(head('vector'), columns, instantSeries(grid));
      else yield* seriesList(head('matrix'), columns, rangeSeries(grid));
      return;
    }
    case 'matrix': {
      const sorted = [...value.series].sort((a, b) => Labels.compare(a.labels, b.labels));
      yield* seriesList(head('matrix'), limited(sorted, options.limit, annotations), rawSeries);
    }
  }
}

/** `head`, the series as an array, and the brace that ends `data`. */
function* seriesList<T>(head: string, items: readonly T[], write: SeriesWriter<T>): Generator<Uint8Array> {
  const block = new AnswerBlock();
  block.text(`${head}[`);
  let separator = '';
  for (const item of items) {
    while (!block.fits(1)) yield block.flush();
    block.text(separator);
    separator = ',';
    yield* write(block, item);
  }
  while (!block.fits(2)) yield block.flush();
  block.text(']}');
  yield block.flush();
}

function limited<T>(items: readonly T[], limit: number | undefined, annotations: Annotations): readonly T[] {
  if (limit === undefined || items.length <= limit) return items;
  annotations.notice(TRUNCATED);
  return items.slice(0, limit);
}
