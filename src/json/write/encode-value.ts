// Writes the result of an evaluation as the `data` of an answer.

import {
  type Annotations,
  formatFloat,
  type Grid,
  Labels,
  TRUNCATION_WARNING,
  type Value,
} from '../../model/index.js';
import { BlockWriter } from './block-writer.js';
import { instantSeries, rangeSeries, rawSeries, type SeriesWriter } from './write-series.js';

export interface EncodeOptions {
  readonly kind: 'instant' | 'range';
  /** The steps of the query. An instant query has one. */
  readonly grid: Grid;
  /** The largest number of series; undefined for all. */
  readonly limit: number | undefined;
}

/**
 * Yields `{"resultType":…,"result":…` in blocks of up to 256 KiB, after `prefix`, which is ASCII. The caller adds further
 * members and the closing brace.
 *
 * Series are sorted by labels, unless the order of an instant vector is part of its result. A scalar over a range is
 * a matrix of one series without labels. A block belongs to the caller until the next one is requested: its memory is
 * used again.
 *
 * @param annotations receives the warning `TRUNCATION_WARNING` when there are more series than `limit`.
 */
export function* encodeValue(
  value: Value,
  options: EncodeOptions,
  annotations: Annotations,
  prefix = '',
): Generator<Uint8Array, void, undefined> {
  const { grid, kind } = options;
  const head = (resultType: string): string => `${prefix}{"resultType":"${resultType}","result":`;
  // Prometheus prints the times of scalars and strings as floats, without zeros at their end.
  const at = formatFloat(grid.startMs / 1000);
  switch (value.type) {
    case 'string':
      yield Buffer.from(`${head('string')}[${at},${JSON.stringify(value.value)}]`);
      return;
    case 'scalar':
      if (kind === 'instant') {
        yield Buffer.from(`${head('scalar')}[${at},"${formatFloat(value.values[0]!)}"]`);
        return;
      }
      yield* seriesList(head('matrix'), [{ labels: Labels.EMPTY, values: value.values }], rangeSeries(grid));
      return;
    case 'vector': {
      const present = value.columns.filter((column) => column.present.some((sample) => sample !== 0));
      const isOrdered = value.ordered && kind === 'instant';
      const sorted = isOrdered ? present : present.sort((a, b) => Labels.compare(a.labels, b.labels));
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

/** Yields `head` and the series as an array. */
function* seriesList<T>(head: string, items: readonly T[], write: SeriesWriter<T>): Generator<Uint8Array> {
  const block = new BlockWriter();
  block.text(`${head}[`);
  let separator = '';
  for (const item of items) {
    while (!block.fits(1)) yield block.flush();
    block.text(separator);
    separator = ',';
    yield* write(block, item);
  }
  while (!block.fits(1)) yield block.flush();
  block.text(']');
  yield block.flush();
}

function limited<T>(items: readonly T[], limit: number | undefined, annotations: Annotations): readonly T[] {
  if (limit === undefined || items.length <= limit) return items;
  annotations.notice(TRUNCATION_WARNING);
  return items.slice(0, limit);
}
