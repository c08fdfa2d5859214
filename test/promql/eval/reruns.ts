// The further evaluations by which Prometheus' own runner checks each instant one.

import { instantGrid, rangeGrid, type Grid } from '../../../src/model/index.js';
import { mapChildren, walk, type Expr } from '../../../src/promql/language/index.js';

/** An evaluation that must give the same at `step` of its grid as the instant one gives. */
export interface Rerun {
  readonly name: string;
  readonly expr: Expr;
  readonly grid: Grid;
  readonly step: number;
}

/** Functions whose result depends on the time of the evaluation, whatever `@` stands below them. */
const SEE_TIME: ReadonlySet<string> = new Set([
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

/** Functions whose result depends on the query as a whole. */
const SEE_QUERY: ReadonlySet<string> = new Set(['start', 'end', 'range', 'step']);

/**
 * The same with `@ timeMs` on all selectors that have none, at other times; and each of these as the middle of a range.
 *
 * Source: Prometheus, promql/promqltest/test.go (`atModifierTestCases`, `runInstantQuery`).
 */
export function rerunsOf(expr: Expr, timeMs: number, ordered: boolean): Rerun[] {
  const nodes: Expr[] = [];
  walk(expr, (node) => {
    nodes.push(node);
  });
  const calls = new Set(nodes.map((node) => (node.kind === 'call' ? node.func : '')));
  const seesTime = [...SEE_TIME].some((func) => calls.has(func));
  const seesQuery =
    [...SEE_QUERY].some((func) => calls.has(func)) ||
    nodes.some(
      (node) =>
        (node.kind === 'vectorSelector' || node.kind === 'subquery') &&
        (node.at?.kind === 'start' || node.at?.kind === 'end'),
    );
  if (seesQuery) return [];
  const pinned = pin(expr, timeMs);
  const others = timeMs === 0 ? [-1000, 1000] : [-10 * timeMs, 0, timeMs / 5, 10 * timeMs];
  const instants = [
    { name: 'again', expr, atMs: timeMs },
    { name: '@', expr: pinned, atMs: timeMs },
    ...(seesTime ? [] : others.map((atMs) => ({ name: `@ at ${atMs}`, expr: pinned, atMs }))),
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

/** The expression with `@` on its selectors and subqueries, but for those inside of a subquery. */
function pin(expr: Expr, timeMs: number): Expr {
  if (expr.kind === 'vectorSelector' || expr.kind === 'subquery') {
    return { ...expr, at: expr.at ?? { kind: 'timestamp', timeMs } };
  }
  return mapChildren(expr, (child) => pin(child, timeMs));
}
