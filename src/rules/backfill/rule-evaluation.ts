// The evaluation of one recording rule over a part of the past.

import { createQueryRequest, type QueryEngine } from '../../federation/index.js';
import {
  gridEndMs,
  instantGrid,
  Labels,
  PromfedError,
  type Column,
  type Grid,
  type Histogram,
  type MissingGroup,
  type StopSignal,
  type Value,
} from '../../model/index.js';
import type { FeatureSet } from '../../promql/language/index.js';
import type { OutgoingSample } from '../ports.js';
import { MAX_SERIES, tooManySeries } from '../query/engine-query.js';
import type { UnitRule } from './rule-units.js';

export interface EvaluationOptions {
  readonly features: FeatureSet;
  readonly timeoutMs: number;
  readonly signal: StopSignal;
}

/** The series that a rule had at its last step, by the key of their labels. */
export type PresentSeries = ReadonlyMap<string, Labels>;

export const NO_SERIES: PresentSeries = new Map();

/** The steps of an evaluation. */
export interface EvaluatedSteps {
  readonly grid: Grid;
  /** False for one instant query, with a grid of one step. */
  readonly isRange: boolean;
  /** The series at the step before the grid. */
  readonly previous: PresentSeries;
}

export interface EvaluatedRule {
  /** Grouped by series, in order of time. Series that end have a stale marker, as after a live evaluation. */
  readonly samples: readonly OutgoingSample[];
  readonly present: PresentSeries;
  /** Number of series of the result. */
  readonly series: number;
  readonly missing: readonly MissingGroup[];
  readonly warnings: readonly string[];
  /** Number of steps without samples because a live evaluation fails there, with the first reason. */
  readonly failedSteps: { readonly count: number; readonly reason: string } | undefined;
}

/** Maximum number of samples of several steps: each is an object. */
const MAX_SAMPLES = 1_000_000;

interface SeriesOfRule {
  readonly labels: Labels;
  readonly values: (number | Histogram | undefined)[];
}

/**
 * Evaluates a rule at the steps of a grid.
 *
 * @throws PromfedError when the query fails.
 */
export async function evaluateRule(
  { rule, group }: UnitRule,
  engine: QueryEngine,
  { grid, isRange, previous }: EvaluatedSteps,
  { features, timeoutMs, signal }: EvaluationOptions,
): Promise<EvaluatedRule> {
  const request = createQueryRequest(
    {
      text: rule.text,
      kind: isRange ? 'range' : 'instant',
      grid: isRange ? grid : instantGrid(grid.startMs),
      endMs: gridEndMs(grid),
      lookbackDeltaMs: undefined,
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
    const { value, annotations } = answer;
    const columns = columnsOf(value, grid);
    if (columns.length * grid.count > MAX_SAMPLES && grid.count > 1) {
      throw new PromfedError('limit', `the expression returns more than ${MAX_SAMPLES} samples`);
    }
    const failures = new StepFailures();
    const series = seriesOf(columns, grid, (labels) => rule.recordedLabels(labels), failures);
    checkLimit(series, grid, group.limit, failures);
    return {
      ...samplesOf(series, grid, previous, failures),
      series: series.length,
      missing: annotations.missingGroups,
      warnings: annotations.warnings,
      failedSteps: failures.summary,
    };
  } finally {
    answer.release();
  }
}

/** Steps at which a live evaluation fails. It then writes nothing. */
class StepFailures {
  readonly #reasons = new Map<number, string>();

  add(step: number, reason: string): void {
    if (!this.#reasons.has(step)) this.#reasons.set(step, reason);
  }

  has(step: number): boolean {
    return this.#reasons.has(step);
  }

  get summary(): EvaluatedRule['failedSteps'] {
    const [reason] = this.#reasons.values();
    return reason === undefined ? undefined : { count: this.#reasons.size, reason };
  }
}

/** Returns the written series. Columns that differ only in labels that the rule sets are one series. */
function seriesOf(
  columns: readonly Column[],
  grid: Grid,
  recorded: (labels: Labels) => Labels,
  failures: StepFailures,
): readonly SeriesOfRule[] {
  const byKey = new Map<string, SeriesOfRule>();
  for (const column of columns) {
    const labels = recorded(column.labels);
    let one = byKey.get(labels.key);
    if (one === undefined) {
      byKey.set(labels.key, (one = { labels, values: Array.from({ length: grid.count }, () => undefined) }));
    }
    for (let step = 0; step < grid.count; step++) {
      if (column.present[step] === 0) continue;
      if (one.values[step] !== undefined) {
        // Prometheus' text
        failures.add(step, 'vector contains metrics with the same labelset after applying rule labels');
      }
      one.values[step] = column.histograms?.[step] ?? column.values[step]!;
    }
  }
  return [...byKey.values()];
}

/** @throws PromfedError `execution` for a value that a rule cannot record. */
function columnsOf(value: Value, { count }: Grid): readonly Column[] {
  switch (value.type) {
    case 'vector':
      return value.columns;
    case 'scalar':
      return [{ labels: Labels.EMPTY, values: value.values, present: new Uint8Array(count).fill(1) }];
    case 'matrix':
    case 'string':
      // Prometheus' text
      throw new PromfedError('execution', 'rule result is not a vector or scalar');
  }
}

function checkLimit(
  series: readonly SeriesOfRule[],
  grid: Grid,
  limit: number,
  failures: StepFailures,
): void {
  for (let step = 0; step < grid.count; step++) {
    const count = series.filter(({ values }) => values[step] !== undefined).length;
    if (count > MAX_SERIES) failures.add(step, tooManySeries(count));
    // Prometheus' text
    else if (limit > 0 && count > limit)
      failures.add(step, `exceeded limit of ${limit} with ${count} series`);
  }
}

function samplesOf(
  series: readonly SeriesOfRule[],
  grid: Grid,
  previous: PresentSeries,
  failures: StepFailures,
): Pick<EvaluatedRule, 'samples' | 'present'> {
  const samples: OutgoingSample[] = [];
  const present = new Map<string, Labels>();
  const ended = new Map(previous);
  for (const one of series) ended.delete(one.labels.key);
  const rest = [...ended.values()].map((labels): SeriesOfRule => ({ labels, values: [] }));
  for (const { labels, values } of [...series, ...rest]) {
    let isPresent = previous.has(labels.key);
    for (let step = 0; step < grid.count; step++) {
      if (failures.has(step)) continue;
      const timeMs = grid.startMs + step * grid.stepMs;
      const value = values[step];
      if (value !== undefined) samples.push({ labels, timeMs, value, isStale: false });
      else if (isPresent) samples.push({ labels, timeMs, value: NaN, isStale: true });
      isPresent = value !== undefined;
    }
    if (isPresent) present.set(labels.key, labels);
  }
  return { samples, present };
}
