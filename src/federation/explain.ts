// The explanation of a query: its plan over the groups, and what a run of it took.

import { asPromfedError, type PromfedError } from '../model/index.js';
import { countValue } from '../promql/eval/index.js';
import {
  explainPlan,
  printExplained,
  type ExplainedNode,
  type PlannedGroup,
  type PlanNode,
} from '../promql/plan/index.js';
import type { QueryAnswer } from './query-answer.js';
import type { QueryStats } from './query-stats.js';

/** A query's explanation, as plain data that JSON can hold. */
export interface Explanation {
  readonly plan: ExplainedNode;
  /** The plan as lines of text. */
  readonly text: string;
  /** Every server group there is, in the order of the configuration. */
  readonly groups: readonly {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly replicated: boolean;
    /** A failure of it is a warning. */
    readonly optional: boolean;
  }[];
  /** What the run of the query came to; undefined when it was not to be run. */
  readonly analysis: Analysis | undefined;
}

export interface Analysis {
  /** From the start to the answer's end, milliseconds. */
  readonly timeMs: number;
  /** How the answer came about: passed through as `bytes`, or computed as a `value`; undefined when it failed. */
  readonly path: 'bytes' | 'value' | undefined;
  /** The answer's own; of one that failed what had passed through until then. */
  readonly series: number;
  readonly samples: number;
  /** Why there is no answer. */
  readonly error: { readonly errorType: string; readonly error: string } | undefined;
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
}

type Group = PlannedGroup & { readonly ignoreError: boolean };

/** @throws PromfedError `limit` when the plan is larger than what is explained. */
export function explain(plan: PlanNode, groups: readonly Group[]): Explanation {
  return explanation(plan, groups, undefined, undefined);
}

/**
 * Runs the query, reads its answer to the end and drops it. A failure of the query is a part of the explanation.
 *
 * @param run told where to tell of another plan that it uses in the place of `plan`.
 *
 * @throws PromfedError `limit` when the plan is larger than what is explained; nothing is run then.
 */
export async function explainRun(
  plan: PlanNode,
  groups: readonly Group[],
  watch: QueryStats,
  run: (use: (plan: PlanNode) => void) => Promise<QueryAnswer>,
): Promise<Explanation> {
  explainPlan(plan, groups);
  let used = plan;
  const analysis = await analyze(watch, () =>
    run((next) => {
      used = next;
    }),
  );
  return explanation(used, groups, watch, analysis);
}

async function analyze(watch: QueryStats, run: () => Promise<QueryAnswer>): Promise<Analysis> {
  let answer: QueryAnswer | undefined;
  let error: PromfedError | undefined;
  let counts: { readonly series: number; readonly samples: number } = watch.passed;
  try {
    answer = await run();
    if (answer.kind === 'value') counts = countValue(answer.value);
    else await drain(answer.series);
  } catch (thrown) {
    error = asPromfedError(thrown);
  } finally {
    answer?.release();
  }
  return {
    timeMs: watch.now(),
    path: answer?.kind,
    series: counts.series,
    samples: counts.samples,
    error: error && { errorType: error.errorType, error: error.message },
    warnings: answer?.annotations.warnings ?? [],
    infos: answer?.annotations.infos ?? [],
  };
}

async function drain(series: AsyncGenerator<Uint8Array>): Promise<void> {
  for (;;) if ((await series.next()).done === true) return;
}

function explanation(
  plan: PlanNode,
  groups: readonly Group[],
  watch: QueryStats | undefined,
  analysis: Analysis | undefined,
): Explanation {
  const explained = explainPlan(plan, groups, watch);
  const text = printExplained(explained);
  return {
    plan: explained,
    text: analysis === undefined ? text : `${text}\n${summary(analysis)}`,
    groups: groups.map(({ name, labels, replicated, ignoreError }) => ({
      name,
      labels: labels.toJSON(),
      replicated,
      optional: ignoreError,
    })),
    analysis,
  };
}

function summary({ timeMs, series, samples, error }: Analysis): string {
  const time = `${timeMs.toFixed(1)} ms`;
  return error === undefined
    ? `answered in ${time}: ${series} series, ${samples} samples`
    : `failed after ${time}: ${error.error}`;
}
