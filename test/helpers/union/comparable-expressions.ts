// Random expressions with the same result in MetricsQL and PromQL, whatever part of them promfed computes. Pushed down
// parts follow MetricsQL in promfed and in the reference; other parts follow PromQL in promfed only. Excluded are:
// - NaN, from odd values, `x / 0`, `%`, `^` or sqrt: MetricsQL treats it as a missing sample.
// - Subqueries, whose steps MetricsQL aligns differently, and `timestamp` of values on a grid.
// - Vector matches with duplicates: MetricsQL reports them only where both series have samples at the same time.
// - label_replace and label_join: MetricsQL merges series that become equal, PromQL reports an error.
// - Series that end: in MetricsQL `or` selects whole series, and the lookback differs for each series.
// - Vector matches by all labels: MetricsQL matches a single series without labels with every series.
// - `!=` and `bool` between vectors: MetricsQL compares a missing sample as NaN.
// - absent() of a selector with `offset` or `@`: MetricsQL does not use its matchers for labels.
// - A number before a comparison: MetricsQL returns the number.

import fc from 'fast-check';

import type { UnionNames } from './random-expressions.js';
import { aggregated, COMPARISONS, exact, of, operation, type Piece } from './expression-pieces.js';

type Pieces = fc.Arbitrary<Piece>;

/** Metrics with samples in every region at all times, except for queue_depth, which some regions lack. */
const METRICS = ['http_requests_total', 'memory_usage_bytes', 'pod_info', 'queue_depth'];
const FUNCTIONS = [
  'rate',
  'increase',
  'delta',
  'changes',
  'resets',
  'deriv',
  'avg_over_time',
  'min_over_time',
];
const MORE_FUNCTIONS = ['max_over_time', 'sum_over_time', 'last_over_time', 'count_over_time'];
const AGGREGATIONS = ['sum', 'min', 'max', 'count', 'avg', 'group', 'stddev', 'stdvar'];
/** Maximum nesting of random expressions. */
const MAX_DEPTH = 4;
const FILTERS = ['>', '<=', '!=', '> bool', '== bool'];

export interface ComparableOptions {
  /**
   * Filters by values that VictoriaMetrics computes by its own rules, for example those of delta. False when the reference is
   * Prometheus, which keeps other series then. Default true.
   */
  readonly filtersOwnValues?: boolean;
}

/** Random expressions whose result is a vector. */
export function arbitraryComparableExpression(
  { groupLabels }: UnionNames,
  { filtersOwnValues = true }: ComparableOptions = {},
): fc.Arbitrary<string> {
  const operate = filtersOwnValues ? operation : withoutOwnFilters;
  const groupNames = Object.keys(groupLabels);
  const labels = ['namespace', 'pod', 'code', 'node', ...groupNames, ...groupNames, ...groupNames];
  const some = (maxLength: number): fc.Arbitrary<string> =>
    fc.uniqueArray(fc.constantFrom(...labels), { maxLength }).map((names) => names.join(', '));
  const grouping = fc
    .tuple(fc.constantFrom('', 'by', 'by', 'without'), some(3))
    .map(([how, names]) => (how === '' ? '' : `${how} (${names})`));
  const matchers = fc.constantFrom(
    ...['', '', '{namespace="ns-0"}', '{pod!="pod-2"}', '{pod=~"pod-[01]"}'],
    ...Object.entries(groupLabels).flatMap(([name, [first]]) => [
      `{${name}="${first!}"}`,
      `{${name}!="${first!}"}`,
      `{${name}="nowhere",pod="pod-0"}`,
      `{${name}=~".+",namespace!~"ns-1"}`,
    ]),
  );
  const shift = fc.constantFrom('', '', '', ' offset 3m', ' @ end()', ' @ start()');
  const selector = fc
    .tuple(fc.constantFrom(...METRICS), matchers, shift)
    .map(([metric, matchers, shift]) => exact(metric + matchers + shift));
  const ranged = fc
    .tuple(
      fc.constantFrom(...FUNCTIONS, ...MORE_FUNCTIONS),
      fc.constantFrom(...METRICS),
      matchers,
      fc.constantFrom('2m', '5m', '10m'),
      shift,
    )
    .map(([func, metric, matchers, range, shift]) =>
      of(`${func}(${metric}${matchers}[${range}]${shift})`, exact(''), {
        inexact: !MORE_FUNCTIONS.includes(func),
      }),
    );
  const tied = fc.letrec<{ vector: Piece; distinct: Piece }>((tie) => ({
    vector: fc.oneof(
      { maxDepth: MAX_DEPTH, withCrossShrink: true },
      { weight: 3, arbitrary: selector },
      { weight: 3, arbitrary: ranged },
      { weight: 2, arbitrary: ofEach(tie('vector'), operate) },
      { weight: 4, arbitrary: joined(tie('vector'), some, operate) },
      { weight: 2, arbitrary: together(tie('vector'), some) },
      {
        weight: 5,
        arbitrary: fc
          .tuple(fc.constantFrom(...AGGREGATIONS), grouping, tie('vector'))
          .map(([op, by, v]) => aggregated(op, by, v)),
      },
      {
        weight: 1,
        arbitrary: fc
          .tuple(fc.constantFrom('0.5', '0.9'), grouping, tie('vector'))
          .map(([q, by, v]) => aggregated('quantile', by, v, `${q}, `)),
      },
      {
        weight: 1,
        arbitrary: fc
          .tuple(
            fc.constantFrom('topk', 'bottomk'),
            fc.constantFrom('1', '2', '5'),
            grouping,
            tie('distinct'),
          )
          .map(([op, k, by, d]) => of(`${op} ${by} (${k}, ${d.text})`, d)),
      },
      {
        weight: 1,
        arbitrary: fc.tuple(fc.constantFrom('0.5', '0.9'), some(3)).map(([q, names]) => {
          const by = names === '' ? 'le' : `le, ${names}`;
          const text = `histogram_quantile(${q}, sum by (${by}) (rate(request_duration_seconds_bucket[5m])))`;
          return of(text, exact(''), { inexact: true, noisy: true });
        }),
      },
      {
        weight: 1,
        arbitrary: fc
          .tuple(fc.constantFrom(...METRICS), matchers)
          .map((parts) => exact(`absent(${parts.join('')})`)),
      },
      {
        weight: 1,
        arbitrary: tie('vector').map((v) => of(`sum(${v.text}) or vector(0)`, v, { inexact: true })),
      },
    ),
    distinct: fc.oneof(
      { maxDepth: MAX_DEPTH, withCrossShrink: true },
      fc.tuple(matchers, shift).map(([matchers, shift]) => exact(`memory_usage_bytes${matchers}${shift}`)),
      tie('distinct').map((d) => of(`(${d.text}) * 3`, d)),
      fc.tuple(grouping, tie('distinct')).map(([by, d]) => of(`sum ${by} (${d.text})`, d)),
    ),
  }));
  return tied.vector.map(({ text }) => text);
}

/** Applies an operator like `operation`. Values that may be rounded or follow the rules of VictoriaMetrics are not compared. */
function withoutOwnFilters(a: Piece, op: string, b: Piece, matching = ''): Piece {
  const compares = (a.inexact || b.inexact) && COMPARISONS.includes(op);
  return operation(a, compares ? '-' : op, b, matching);
}

function ofEach(vector: Pieces, operate: typeof operation): Pieces {
  const numbers = fc.constantFrom('2', '0.5', '3', '100');
  return fc.oneof(
    fc.tuple(fc.constantFrom('ceil', 'floor', 'abs', '-'), vector).map(([func, v]) => {
      const jumps = func === 'ceil' || func === 'floor';
      return of(`${v.noisy && jumps ? 'abs' : func}(${v.text})`, v);
    }),
    fc
      .tuple(fc.constantFrom('+', '-', '*', '/', ...FILTERS), vector, numbers)
      .map(([op, v, number]) => operate(v, op, exact(number))),
    fc
      .tuple(fc.constantFrom('+', '-', '*'), numbers, vector)
      .map(([op, number, v]) => operate(exact(number), op, v)),
  );
}

/** Vector matches in which no element matches twice. */
function joined(
  vector: Pieces,
  some: (maxLength: number) => fc.Arbitrary<string>,
  operate: typeof operation,
): Pieces {
  const op = fc.constantFrom('+', '-', '*', '>', '<=');
  const fold = fc.constantFrom('sum', 'max', 'count', 'min');
  return fc
    .tuple(op, some(4), fold, vector, vector, fc.constantFrom('left', 'right', 'none'))
    .map(([op, by, fold, many, v, side]) => {
      const one = aggregated(fold, `by (${by})`, v);
      if (side === 'left') return operate(many, op, one, `on (${by}) group_left () `);
      if (side === 'right') return operate(one, op, many, `on (${by}) group_right () `);
      return operate(aggregated(fold, `by (${by})`, many), op, one, `on (${by}) `);
    });
}

function together(vector: Pieces, some: (maxLength: number) => fc.Arbitrary<string>): Pieces {
  return fc
    .tuple(
      fc.constantFrom('and', 'or', 'unless'),
      vector,
      vector,
      fc.constantFrom('', 'on', 'ignoring'),
      some(3),
    )
    .map(([op, a, b, how, names]) => ({
      text: `(${a.text}) ${op} ${how === '' ? '' : `${how} (${names}) `}(${b.text})`,
      inexact: a.inexact || b.inexact,
      noisy: a.noisy || b.noisy,
      alike: false,
    }));
}
