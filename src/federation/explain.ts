// The explanation of a query: its plan, and the measurements of a run.

import type { ByteStream } from '../json/index.js';
import { asPromfedError, printProduct, type PromfedError } from '../model/index.js';
import { countValue } from '../promql/eval/index.js';
import { explainPlan, printExplained, type PlanNode } from '../promql/plan/index.js';
import type { GroupSnapshot } from '../upstreams/index.js';
import type { FederationOptions } from './options.js';
import type { Analysis, Explanation, ExplainRequest, QueryAnswer } from './query-engine.js';
import { QUERY, QueryRun } from './query-run.js';
import { QueryStats } from './stats/query-stats.js';

/**
 * Plans the query. With `analyze` also runs it, reads its answer to the end and drops it; the failure of this run is part
 * of the explanation.
 *
 * @throws PromfedError `limit` when the plan is too large to be explained; nothing is run then. Errors of planning.
 */
export async function explainQuery(
  request: ExplainRequest,
  options: FederationOptions,
): Promise<Explanation> {
  const detail = request.stats === 'counters' ? 'samples' : request.stats;
  const stats = new QueryStats({ detail, grid: request.grid, operators: true });
  const run = new QueryRun(request, options, QUERY, stats);
  await run.prepare();
  try {
    if (!request.analyze) return explanation(request.text, run.prepared!);
    explainPlan(run.prepared!.plan);
    const analysis = await analyze(stats, () => run.start());
    return explanation(request.text, run.prepared!, stats, analysis);
  } finally {
    run.release();
  }
}

async function analyze(stats: QueryStats, run: () => Promise<QueryAnswer>): Promise<Analysis> {
  let answer: QueryAnswer | undefined;
  let error: PromfedError | undefined;
  let counts: { readonly series: number; readonly samples: number } = stats.passed;
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
    timeMs: stats.elapsedMs(),
    path: answer?.kind,
    series: counts.series,
    samples: counts.samples,
    error: error && { errorType: error.errorType, error: error.message },
    warnings: answer?.annotations.warnings ?? [],
    infos: answer?.annotations.infos ?? [],
  };
}

async function drain(series: ByteStream): Promise<void> {
  while ((await series.next()) !== undefined);
}

function explanation(
  query: string,
  { plan, groups }: { readonly plan: PlanNode; readonly groups: readonly GroupSnapshot[] },
  stats?: QueryStats,
  analysis?: Analysis,
): Explanation {
  const explained = explainPlan(plan, stats);
  const text = [printExplained(explained), ...groups.flatMap(productLine)].join('\n');
  return {
    query,
    plan: explained,
    text: analysis === undefined ? text : `${text}\n${summary(analysis)}`,
    groups: groups.map((group) => ({
      name: group.name,
      labels: group.labels.toJSON(),
      replicated: group.replicated,
      optional: group.ignoreError,
      products: productsOf(group),
      rawSamples: group.rawSamples ?? [],
    })),
    analysis,
  };
}

/** The known products of a group, as text. */
function productsOf({ products = [] }: GroupSnapshot): readonly string[] {
  return products.filter(({ name }) => name !== 'unknown').map(printProduct);
}

/** The line of the text about a group whose products are known. */
function productLine(group: GroupSnapshot): readonly string[] {
  const products = productsOf(group);
  if (products.length === 0) return [];
  const { rawSamples = [] } = group;
  const samples = rawSamples.length === 0 ? '' : `; its raw samples are read ${rawSamples.join(', or ')}`;
  return [`${group.name} runs ${products.join(' and ')}${samples}`];
}

function summary({ timeMs, series, samples, error }: Analysis): string {
  const time = `${timeMs.toFixed(1)} ms`;
  return error === undefined
    ? `answered in ${time}: ${series} series, ${samples} samples`
    : `failed after ${time}: ${error.error}`;
}
