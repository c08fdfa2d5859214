import t from 'tap';

import { parseExpr } from '../../../src/promql/language/index.js';
import { batchesOf, type DependentRule } from '../../../src/rules/group/dependencies.js';

const record = (name: string, expr: string): DependentRule => ({
  kind: 'recording',
  name,
  expr: parseExpr(expr),
  hasTemplateQueries: false,
});
const alert = (name: string, expr: string, hasTemplateQueries = false): DependentRule => ({
  kind: 'alerting',
  name,
  expr: parseExpr(expr),
  hasTemplateQueries,
});

t.test('rules that depend on earlier rules run after them, others concurrently', async (t) => {
  const cases: readonly { name: string; rules: readonly DependentRule[]; batches: number[][] }[] = [
    { name: 'independent rules', rules: [record('a', 'x'), record('b', 'y')], batches: [[0, 1]] },
    {
      name: 'a chain',
      rules: [record('a', 'x'), record('b', 'a'), record('c', 'b')],
      batches: [[0], [1], [2]],
    },
    {
      name: 'two users of one result',
      rules: [record('a', 'x'), record('b', 'sum(a)'), alert('C', 'rate(a[5m]) > 1')],
      batches: [[0], [1, 2]],
    },
    {
      name: 'a rule that reads a later one',
      rules: [record('a', 'b'), record('b', 'x')],
      batches: [[0], [1]],
    },
    {
      name: 'templates that send queries',
      rules: [record('a', 'x'), alert('B', 'y', true), record('c', 'x'), record('d', 'y')],
      batches: [[0], [1], [2, 3]],
    },
    {
      name: 'a regular expression',
      rules: [record('a:b', 'x'), record('c', '{__name__=~"a:.*"}')],
      batches: [[0], [1]],
    },
    { name: 'no metric name', rules: [record('a', 'x'), record('b', '{job="y"}')], batches: [[0], [1]] },
    {
      name: 'ALERTS of an alert',
      rules: [alert('A', 'x'), alert('B', 'ALERTS{alertname="A"}')],
      batches: [[0], [1]],
    },
    {
      name: 'ALERTS of another alert',
      rules: [alert('A', 'x'), alert('B', 'ALERTS{alertname="C"}')],
      batches: [[0, 1]],
    },
    { name: 'all ALERTS', rules: [alert('A', 'x'), alert('B', 'ALERTS')], batches: [[0], [1]] },
  ];
  for (const { name, rules, batches } of cases) t.strictSame(batchesOf(rules), batches, name);
});

t.test('a group of many rules', async (t) => {
  const rules = Array.from({ length: 20_000 }, (_, i) => record(`r${i}`, i % 2 === 0 ? 'x' : `r${i - 1}`));
  t.strictSame(
    batchesOf(rules).map(({ length }) => length),
    [10_000, 10_000],
  );
});
