import t from 'tap';

import {
  children,
  parseExpr,
  prettyExpr,
  typeOf,
  walk,
  type Expr,
} from '../../../src/promql/language/index.js';
import { ALL_FEATURES } from '../../helpers/promql/all-features.js';
import { mapChildren } from '../../../src/promql/language/walk.js';
import { printExpr } from '../../../src/promql/language/index.js';
import { mapExpr } from '../../../src/promql/language/stack-safe.js';

const QUERY = 'topk(2, rate(a[5m]) + on (x) (-b)) or max_over_time(c[1h:])';

t.test('walk visits parents before their children, children in source order', async (t) => {
  const kinds: string[] = [];
  walk(parseExpr(QUERY), (expr) => {
    kinds.push(expr.kind);
  });
  t.equal(
    kinds.join(' '),
    'binary aggregate number binary call matrixSelector vectorSelector paren unary vectorSelector call subquery vectorSelector',
  );
});

t.test('walk skips the descendants of an expression whose visit returns false', async (t) => {
  const names: string[] = [];
  walk(parseExpr(QUERY), (expr) => {
    if (expr.kind === 'vectorSelector') names.push(expr.name);
    return expr.kind !== 'matrixSelector' && expr.kind !== 'paren';
  });
  t.strictSame(names, ['c']);
});

t.test('a leaf has no children', async (t) => {
  for (const query of ['1', '"a"', 'up']) t.strictSame(children(parseExpr(query)), []);
});

t.test('mapExpr rebuilds changed subtrees and shares unchanged ones', async (t) => {
  const expr = parseExpr(QUERY);
  const before = JSON.stringify(expr);
  const renamed = mapExpr(expr, (node) =>
    node.kind === 'vectorSelector' && node.name === 'c'
      ? { ...node, name: 'd', matchers: [{ name: '__name__', op: '=', value: 'd' }] }
      : node,
  );
  t.equal(printExpr(renamed), 'topk(2, rate(a[5m]) + on (x) (-b)) or max_over_time(d[1h:])');
  t.equal(JSON.stringify(expr), before, 'the original tree is not mutated');
  t.equal(children(renamed)[0], children(expr)[0], 'the unchanged side is the same object');
  t.equal(
    mapExpr(expr, (node) => node),
    expr,
    'without changes the root is the same object',
  );
});

t.test('mapExpr rebuilds every kind of node', async (t) => {
  const change = (node: Expr): Expr => (node.kind === 'number' ? { ...node, value: node.value + 1 } : node);
  for (const [query, expected] of [
    ['topk(2, a * 1)', 'topk(3, a * 2)'],
    ['-(1 + a)', '-(2 + a)'],
    ['clamp(a, 1, 2)', 'clamp(a, 2, 3)'],
    ['(a + 1)[5m:]', '(a + 2)[5m:]'],
  ] as const) {
    t.equal(printExpr(mapExpr(parseExpr(query), change)), expected);
  }
  const rename = (node: Expr): Expr =>
    node.kind === 'vectorSelector'
      ? { ...node, name: 'b', matchers: [{ name: '__name__', op: '=', value: 'b' }] }
      : node;
  t.equal(printExpr(mapExpr(parseExpr('rate(a[5m] offset 1m)'), rename)), 'rate(b[5m] offset 1m)');
  t.equal(printExpr(mapChildren(parseExpr('a + b'), rename)), 'b + b');
});

t.test('an expression with 10,000 levels is parsed, walked, printed and rebuilt', async (t) => {
  const depth = 10_000;
  const deep: readonly string[] = [
    '('.repeat(depth) + 'a' + ')'.repeat(depth),
    `a${' + a'.repeat(depth)}`,
    `a${' ^ a'.repeat(depth)}`,
    '-'.repeat(depth) + 'a',
    'abs('.repeat(depth) + 'a' + ')'.repeat(depth),
    'sum by (x) ('.repeat(depth) + 'a' + ')'.repeat(depth),
    'topk(1, '.repeat(depth) + 'a' + ')'.repeat(depth),
    'max_over_time('.repeat(depth) + 'a' + '[5m:1m])'.repeat(depth),
    'label_join('.repeat(depth) + 'a' + ', "b", "c")'.repeat(depth),
    '(-abs(a + '.repeat(depth) + 'a' + '))'.repeat(depth),
  ];
  for (const query of deep) {
    const name = query.slice(0, 20);
    const expr = parseExpr(query);
    t.equal(printExpr(expr) === query, true, `${name} is printed as written`);
    t.equal(typeOf(expr), 'vector');
    let count = 0;
    walk(expr, () => {
      count++;
    });
    t.ok(count > depth);
    const copy = mapExpr(expr, (node) => ({ ...node }));
    t.ok(copy !== expr);
    t.equal(printExpr(copy) === query, true, `${name} is rebuilt`);
    t.throws(() => prettyExpr(expr), {
      code: 'bad_data',
      message: /^expression not formatted: it is nested too deeply$/,
    });
  }
});

t.test(
  'an expression near the depth limit of formatting is parsed back as the same expression',
  async (t) => {
    const depth = 900;
    for (const query of [
      '('.repeat(depth) + 'a' + ')'.repeat(depth),
      `a${' + a'.repeat(depth)}`,
      '-'.repeat(depth) + 'a',
      'abs('.repeat(depth) + 'a' + ')'.repeat(depth),
    ]) {
      t.equal(printExpr(parseExpr(prettyExpr(parseExpr(query)))) === query, true);
    }
  },
);

t.test('formatting rejects a wide and deep expression with too much indentation', async (t) => {
  const query = `${'abs('.repeat(900)}label_join(a, "b"${', "c"'.repeat(20_000)})${')'.repeat(900)}`;
  t.throws(() => prettyExpr(parseExpr(query)), { code: 'bad_data' });
});

t.test('errors at the bottom of a deep expression are reported', async (t) => {
  const depth = 10_000;
  const wrap = (inner: string): string => '('.repeat(depth) + inner + ')'.repeat(depth);
  for (const [query, message] of [
    ['('.repeat(depth), /^1:10001: parse error: unclosed left parenthesis$/],
    [wrap('1 == 2'), /^1:10003: parse error: comparisons between scalars must use BOOL modifier$/],
    [wrap('nothing(1)'), /^1:10001: parse error: unknown function with name "nothing"$/],
    [
      wrap('abs("x")'),
      /^1:10005: parse error: expected type instant vector in call to function "abs", got string$/,
    ],
    [
      `sum(${wrap('1')})`,
      /^1:5: parse error: expected type instant vector in aggregation expression, got scalar$/,
    ],
    [`up[${wrap('5m')}]`, /duration is nested too deeply: the limit is 500 levels$/],
  ] as const) {
    t.throws(() => parseExpr(query, { features: ALL_FEATURES }), { code: 'bad_data', message });
  }
});
