// Evaluation of the expressions of rules by the query engine.

import {
  instantGrid,
  Labels,
  PromfedError,
  type MissingGroup,
  type StopSignal,
  type Value,
} from '../../model/index.js';
import { createQueryRequest, type QueryBatching, type QueryEngine } from '../../federation/index.js';
import type { FeatureSet } from '../../promql/language/index.js';
import type { ChainedResults } from '../chain/chained-results.js';
import { isIndependentOf } from './keeps-labels.js';
import type { RuleResult, RuleSample } from './rule-result.js';

/** Maximum number of series of a result: rules keep state for each. */
export const MAX_SERIES = 100_000;

/** The failure of a rule whose result has more than `MAX_SERIES` series. */
export function tooManySeries(count: number): string {
  return `the expression returns ${count} series, more than ${MAX_SERIES}; aggregate it`;
}

export interface EngineQueryOptions {
  readonly features: FeatureSet;
  /** Timeout of one query. */
  readonly timeoutMs: number;
  /** Aborts when the rules stop. */
  readonly signal: StopSignal;
}

/** The parts of a rule group that its queries share. */
export interface EngineQueryContext {
  /** Sends the instant queries of concurrent evaluations together. Default: each is sent alone. */
  readonly batching?: QueryBatching | undefined;
  /** Results of the group that the query reads in place of the regions. Default none. */
  readonly chained?: ChainedResults | undefined;
}

/** Evaluates an expression at a time with an engine. */
export type EngineQuery = (
  engine: QueryEngine,
  timeMs: number,
  context?: EngineQueryContext,
) => Promise<RuleResult>;

/**
 * Parses an expression once, and returns the function that evaluates it.
 *
 * @throws PromfedError `bad_data` when the expression is invalid.
 */
export function createEngineQuery(text: string, options: EngineQueryOptions): EngineQuery {
  const { features, timeoutMs, signal } = options;
  const request = createQueryRequest(
    {
      text,
      kind: 'instant',
      grid: instantGrid(0),
      endMs: 0,
      lookbackDeltaMs: undefined,
      timeoutMs,
      routing: 'learned',
      limit: undefined,
      stats: 'counters',
      signal,
    },
    features,
  );
  return async (engine, timeMs, { batching, chained } = {}) => {
    const grid = instantGrid(timeMs);
    const selected = chained?.trySelect(request.expr);
    const extraGroups = selected && [selected.group];
    const answer = await engine.evaluate({ ...request, grid, endMs: timeMs, batching, extraGroups });
    try {
      const { value, annotations } = answer;
      const samples = samplesOf(value);
      if (samples.length > MAX_SERIES) throw new PromfedError('limit', tooManySeries(samples.length));
      const unanswered = annotations.missingGroups;
      const missing = withoutRepeats([...unanswered, ...(selected?.missing ?? [])]);
      const isIndependent = answer.isDisjoint || isIndependentOf(request.expr, missing);
      return { samples, missing, unanswered, isDisjoint: isIndependent && selected?.isDisjoint !== false };
    } finally {
      answer.release();
    }
  };
}

function withoutRepeats(groups: readonly MissingGroup[]): readonly MissingGroup[] {
  return [...new Map(groups.map((group) => [group.name, group])).values()];
}

/** Source: Prometheus, rules/manager.go (`EngineQueryFunc`). */
function samplesOf(value: Value): readonly RuleSample[] {
  switch (value.type) {
    case 'vector':
      return value.columns.map(({ labels, values, histograms }) => ({
        labels,
        value: histograms?.[0] ?? values[0]!,
      }));
    case 'scalar':
      return [{ labels: Labels.EMPTY, value: value.values[0]! }];
    case 'matrix':
    case 'string':
      // Prometheus' text
      throw new PromfedError('execution', 'rule result is not a vector or scalar');
  }
}
