// Additional evaluations of instant evals, as in Prometheus' own runner.

import { instantGrid, rangeGrid, type Grid } from '../../../src/model/index.js';
import { walk, type Expr } from '../../../src/promql/language/index.js';
import { mapChildren } from '../../../src/promql/language/walk.js';

/** An evaluation whose result at `step` of its grid must equal the result of the instant eval. */
export interface Rerun {
  readonly name: string;
  readonly expr: Expr;
  readonly grid: Grid;
  readonly step: number;
}

/** Functions whose result depends on the evaluation time, also with `@` on all selectors. */
const TIME_FUNCTIONS: ReadonlySet<string> = new Set([
  'day_of_month',
  'day_of_week',
  'day_of_year',
  'days_in_month',
  'hour',
  'minute',
  'month',
  'year',
  'predict_linear',
  'time',
  'timestamp',
]);

/** Functions whose result depends on the range of the query. */
const QUERY_FUNCTIONS: ReadonlySet<string> = new Set(['start', 'end', 'range', 'step']);

/**
 * Returns the additional evaluations: the same expression, and the expression with `@ timeMs` on all selectors without
 * `@`, also at other times. Each of them is repeated as the middle step of a range query.
 *
 * Source: Prometheus, promql/promqltest/test.go (`atModifierTestCases`, `runInstantQuery`).
 */
export function rerunsOf(expr: Expr, timeMs: number, ordered: boolean): Rerun[] {
  const nodes: Expr[] = [];
  walk(expr, (node) => {
    nodes.push(node);
  });
  const calls = new Set(nodes.map((node) => (node.kind === 'call' ? node.func : '')));
  const dependsOnTime = [...TIME_FUNCTIONS].some((func) => calls.has(func));
  const dependsOnQuery =
    [...QUERY_FUNCTIONS].some((func) => calls.has(func)) ||
    nodes.some(
      (node) =>
        (node.kind === 'vectorSelector' || node.kind === 'subquery') &&
        (node.at?.kind === 'start' || node.at?.kind === 'end'),
    );
  if (dependsOnQuery) return [];
  const pinned = pin(expr, timeMs);
  const others = timeMs === 0 ? [-1000, 1000] : [-10 * timeMs, 0, timeMs / 5, 10 * timeMs];
  const instants = [
    { name: 'again', expr, atMs: timeMs },
    { name: '@', expr: pinned, atMs: timeMs },
    ...(dependsOnTime ? [] : others.map((atMs) => ({ name: `@ at ${atMs}`, expr: pinned, atMs }))),
  ];
  return instants.flatMap(({ name, expr, atMs }) => [
    { name, expr, grid: instantGrid(atMs), step: 0 },
    ...(ordered
      ? []
      : [
          {
            name: `${name} in a range`,
            expr,
            grid: rangeGrid(atMs - 60_000, atMs + 60_000, 60_000),
            step: 1,
          },
        ]),
  ]);
}

/** Sets `@` on selectors and subqueries without it, except within a subquery. */
function pin(expr: Expr, timeMs: number): Expr {
  if (expr.kind === 'vectorSelector' || expr.kind === 'subquery') {
    return { ...expr, at: expr.at ?? { kind: 'timestamp', timeMs } };
  }
  return mapChildren(expr, (child) => pin(child, timeMs));
}
