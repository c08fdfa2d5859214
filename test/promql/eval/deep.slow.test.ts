// Expressions with ten thousand levels, which Prometheus accepts.

import t from 'tap';

import { instantGrid, Labels, type Column, type Grid, type Value } from '../../../src/model/index.js';
import { createMemorySource, evaluate } from '../../../src/promql/eval/index.js';
import { parseExpr } from '../../../src/promql/language/index.js';
import {
  planDistributed,
  planLocally,
  type PlannedGroup,
  type PlanNode,
} from '../../../src/promql/plan/index.js';
import { createEvalContext } from '../../helpers/promql/evaluation.js';

const DEPTH = 10_000;
const TIMES = { startMs: 0, endMs: 0, stepMs: 0, defaultStepMs: 60_000 };
const GROUPS: readonly PlannedGroup[] = ['eu', 'us'].map((region) => ({
  name: region,
  labels: Labels.from({ region }),
  replicated: false,
}));

/** Evaluates a plan at 0 with one series `a` of value 1. A fetch returns that series for each of its parts. */
function valueOf(plan: PlanNode): Promise<Value> {
  const ones = (labels: Labels, { count }: Grid): Column => ({
    labels,
    values: new Float64Array(count).fill(1),
    present: new Uint8Array(count).fill(1),
  });
  const context = createEvalContext(instantGrid(0), {
    fetched: async ({ parts }, grid) => Promise.resolve(parts.map(({ addLabels }) => ones(addLabels, grid))),
    samples: createMemorySource([
      { labels: Labels.from({ __name__: 'a' }), timestamps: Float64Array.of(0), values: Float64Array.of(1) },
    ]),
  });
  return evaluate(plan, context);
}

function wrap(before: string, inner: string, after: string, depth = DEPTH): string {
  return before.repeat(depth) + inner + after.repeat(depth);
}

/** Prints the type of a scalar, or the number of series and the first value of a vector. */
function summary(value: Value): string {
  if (value.type === 'scalar') return `scalar ${value.values[0]}`;
  if (value.type !== 'vector') return value.type;
  return `${value.columns.length} × ${value.columns[0]?.values[0]}`;
}

const CASES: readonly { query: string; locally: string; distributed: string }[] = [
  { query: wrap('(', 'a', ')'), locally: '1 × 1', distributed: '2 × 1' },
  { query: `1${' + 1'.repeat(DEPTH)}`, locally: 'scalar 10001', distributed: 'scalar 10001' },
  { query: `a${' + a'.repeat(DEPTH)}`, locally: '1 × 10001', distributed: '2 × 1' },
  { query: `a${' ^ a'.repeat(DEPTH)}`, locally: '1 × 1', distributed: '2 × 1' },
  { query: `sum(a)${' or sum(a)'.repeat(DEPTH)}`, locally: '1 × 1', distributed: '1 × 2' },
  { query: wrap('-', 'a', ''), locally: '1 × 1', distributed: '2 × 1' },
  { query: wrap('abs(', 'a', ')'), locally: '1 × 1', distributed: '2 × 1' },
  { query: wrap('sum(', 'a', ')'), locally: '1 × 1', distributed: '1 × 2' },
  { query: wrap('label_join(', 'sum(a)', ', "b", "c")'), locally: '1 × 1', distributed: '1 × 2' },
  {
    query: `label_join(sum(a), "b", "-", ${'"c", '.repeat(200_000)}"c")`,
    locally: '1 × 1',
    distributed: '1 × 2',
  },
  { query: wrap('(-abs(1 + ', 'sum(a)', '))', 5001), locally: '1 × 0', distributed: '1 × -1' },
  { query: wrap('max_over_time(', 'sum(a)', '[1s:1s])', 2000), locally: '1 × 1', distributed: '1 × 2' },
  {
    query: `scalar(a{region="eu"})${' + 1'.repeat(DEPTH)}`,
    locally: 'scalar NaN',
    distributed: 'scalar 10001',
  },
  { query: `timestamp(${wrap('(', 'sum(a)', ')')})`, locally: '1 × 0', distributed: '1 × 0' },
  {
    query: `max_over_time(${wrap('(', 'sum(a)[1s:1s]', ')')})`,
    locally: '1 × 1',
    distributed: '1 × 2',
  },
];

t.test('expressions with ten thousand levels are evaluated with and without pushdown', async (t) => {
  for (const { query, locally, distributed } of CASES) {
    const name = `${query.slice(0, 24)}…`;
    const expr = parseExpr(query);
    t.equal(summary(await valueOf(planLocally(expr, TIMES))), locally, `${name} from raw samples`);
    t.equal(
      summary(await valueOf(planDistributed(expr, GROUPS, TIMES))),
      distributed,
      `${name} from results of regions`,
    );
  }
});
