// Expressions whose series are independent of missing groups when their labels differ.

import t from 'tap';

import { Labels, type MissingGroup } from '../../../src/model/index.js';
import { parseExpr } from '../../../src/promql/language/index.js';
import { isIndependentOf } from '../../../src/rules/query/keeps-labels.js';

const missing = (labels: Readonly<Record<string, string>>): MissingGroup => ({
  name: 'missing',
  labels: Labels.from(labels),
});
const EU = [missing({ region: 'eu' })];

t.test('series keep the labels of the group at every operator', async (t) => {
  const cases: readonly [expr: string, expected: boolean][] = [
    ['x', true],
    ['-(x > 5) * 2', true],
    ['max_over_time(x[5m:1m]) + time()', true],
    ['sum by (region, job) (x)', true],
    ['sum without (pod) (rate(x[5m]))', true],
    ['topk by (region) (3, x)', true],
    ['count_values by (region) ("value", x)', true],
    ['x / on (region) group_left sum by (region) (y)', true],
    ['x / y', true],
    ['x unless ignoring (job) y', true],
    ['histogram_quantile(0.9, sum by (region, le) (x))', true],
    ['label_replace(x, "pod", "$1", "region", "(.*)")', true],
    ['sum(x)', false],
    ['sum by (job) (x)', false],
    ['sum without (region) (x)', false],
    ['count_values without (pod) ("region", x)', false],
    ['x / on (job) y', false],
    ['x / ignoring (region) y', false],
    ['x > scalar(y)', false],
    ['absent(x{region="us"})', false],
    ['label_replace(x, "region", "us", "", "")', false],
    ['label_join(x, "region", "-", "a", "b")', false],
    ['sum by (region) (sum(x) + on () group_right y)', false],
  ];
  for (const [expr, expected] of cases) t.equal(isIndependentOf(parseExpr(expr), EU), expected, expr);
});

t.test('all labels of all missing groups count', async (t) => {
  const expr = parseExpr('sum by (region) (x)');
  t.ok(isIndependentOf(expr, []));
  t.notOk(isIndependentOf(expr, [...EU, missing({ zone: 'a' })]));
  t.notOk(isIndependentOf(expr, [...EU, missing({})]), 'a group without labels may have any series');
  for (const label of ['le', 'vmrange']) {
    t.notOk(isIndependentOf(parseExpr('histogram_quantile(0.9, x)'), [missing({ [label]: '1' })]), label);
  }
});
