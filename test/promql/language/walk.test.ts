import t from 'tap';

import {
  MAX_DEPTH,
  children,
  mapChildren,
  mapExpr,
  parseExpr,
  prettyExpr,
  printExpr,
  typeOf,
  walk,
  type Expr,
} from '../../../src/promql/language/index.js';

const QUERY = 'topk(2, rate(a[5m]) + on (x) (-b)) or max_over_time(c[1h:])';

t.test('a walk meets parents before their children, children in the order they are written', async (t) => {
  const kinds: string[] = [];
  walk(parseExpr(QUERY), (expr) => {
    kinds.push(expr.kind);
  });
  t.equal(
    kinds.join(' '),
    'binary aggregate number binary call matrixSelector vectorSelector paren unary vectorSelector call subquery vectorSelector',
  );
});

t.test('a walk leaves out what a visit does not want', async (t) => {
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

t.test('a tree is rebuilt where it changes and shared where it does not', async (t) => {
  const expr = parseExpr(QUERY);
  const before = JSON.stringify(expr);
  const renamed = mapExpr(expr, (node) =>
    node.kind === 'vectorSelector' && node.name === 'c'
      ? { ...node, name: 'd', matchers: [{ name: '__name__', op: '=', value: 'd' }] }
      : node,
  );
  t.equal(printExpr(renamed), 'topk(2, rate(a[5m]) + on (x) (-b)) or max_over_time(d[1h:])');
  t.equal(JSON.stringify(expr), before, 'the first tree is as it was');
  t.equal(children(renamed)[0], children(expr)[0], 'the side that did not change is the same object');
  t.equal(
    mapExpr(expr, (node) => node),
    expr,
    'nothing changed at all',
  );
});

t.test('every kind of node is rebuilt', async (t) => {
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

t.test('the deepest expression that is accepted can be walked, printed and rebuilt', async (t) => {
  const deepest: readonly string[] = [
    '('.repeat(MAX_DEPTH - 1) + 'a' + ')'.repeat(MAX_DEPTH - 1),
    `a${' + a'.repeat(MAX_DEPTH - 1)}`,
    `a${' ^ a'.repeat(MAX_DEPTH - 1)}`,
    '-'.repeat(MAX_DEPTH - 1) + 'a',
    'abs('.repeat(MAX_DEPTH - 1) + 'a' + ')'.repeat(MAX_DEPTH - 1),
  ];
  for (const query of deepest) {
    const expr = parseExpr(query);
    t.equal(printExpr(expr), query);
    t.equal(printExpr(parseExpr(prettyExpr(expr))), query);
    t.equal(typeOf(expr), 'vector');
    let count = 0;
    walk(expr, () => {
      count++;
    });
    t.ok(count >= MAX_DEPTH);
    const copy = mapExpr(expr, (node) => ({ ...node }));
    t.equal(printExpr(copy), query);
    t.throws(() => parseExpr(`(${query})`), { message: /nested too deeply/ });
  }
});
