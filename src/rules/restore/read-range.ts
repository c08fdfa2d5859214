// Range queries for the state of alerts in the past.

import { gridEndMs, type Column, type Grid, type MissingGroup, type StopSignal } from '../../model/index.js';
import { createQueryRequest, type QueryEngine } from '../../federation/index.js';
import type { FeatureSet } from '../../promql/language/index.js';

export interface RangeReader {
  readonly engine: QueryEngine;
  readonly features: FeatureSet;
  readonly signal: StopSignal;
  readonly timeoutMs: number;
}

export interface RangeResult {
  readonly columns: readonly Column[];
  /** The server groups that did not answer. */
  readonly missing: readonly MissingGroup[];
}

/**
 * Returns the series of an expression on a grid.
 *
 * @param lookbackDeltaMs undefined for the default of each region.
 * @throws PromfedError when the query fails.
 */
export async function readRange(
  text: string,
  grid: Grid,
  lookbackDeltaMs: number | undefined,
  { engine, features, signal, timeoutMs }: RangeReader,
): Promise<RangeResult> {
  const request = createQueryRequest(
    {
      text,
      kind: 'range',
      grid,
      endMs: gridEndMs(grid),
      lookbackDeltaMs,
      timeoutMs,
      routing: 'all',
      limit: undefined,
      stats: 'counters',
      signal,
    },
    features,
  );
  const answer = await engine.evaluate(request);
  try {
    const columns = answer.value.type === 'vector' ? answer.value.columns : [];
    return { columns, missing: answer.annotations.missingGroups };
  } finally {
    answer.release();
  }
}
