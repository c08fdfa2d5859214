// The limit on the nodes of expressions and selectors.

import t from 'tap';

import { NodeCount, parseExpr, ParseError, parseSelector } from '../../../src/promql/language/index.js';
import { ALL_FEATURES } from '../../helpers/promql/all-features.js';

const TIMES = 50_000;

const EXPRESSIONS: Readonly<Record<string, string>> = {
  operands: Array.from({ length: TIMES }, () => '1').join('+'),
  selectors: Array.from({ length: TIMES }, () => 'a').join(' or '),
  parentheses: `${'('.repeat(TIMES)}a${')'.repeat(TIMES)}`,
  signs: `${'-'.repeat(TIMES)}a`,
  calls: `${'abs('.repeat(TIMES)}a${')'.repeat(TIMES)}`,
  aggregations: `${'sum('.repeat(TIMES)}a${')'.repeat(TIMES)}`,
  arguments: `label_join(a, "b", "c"${', "d"'.repeat(TIMES)})`,
  matchers: `a{${'b="c",'.repeat(TIMES)}}`,
  'metric names in braces': `{${'"a",'.repeat(TIMES)}}`,
  'labels of by': `sum by (${'b,'.repeat(TIMES)}) (a)`,
  'labels of without, at the end': `sum(a) without (${'b,'.repeat(TIMES)})`,
  'labels of on': `a + on (${'b,'.repeat(TIMES)}) c`,
  'labels of group_left': `a + on () group_left (${'b,'.repeat(TIMES)}) c`,
  subqueries: `a${'[5m:]'.repeat(TIMES)}`,
  modifiers: `a${' anchored'.repeat(TIMES)}`,
  'sums of durations': `a[1m${' + 1m'.repeat(TIMES)}]`,
  'signs of durations': `a offset ${'-'.repeat(TIMES)}1m`,
};

for (const [name, text] of Object.entries(EXPRESSIONS)) {
  t.test(`an expression with too many ${name} is rejected where the limit is reached`, async (t) => {
    const nodes = new NodeCount(500);
    let thrown: unknown;
    try {
      parseExpr(text, { features: ALL_FEATURES, nodes });
    } catch (error) {
      thrown = error;
    }
    t.ok(thrown instanceof ParseError);
    const { code, message, position } = thrown as ParseError;
    t.equal(code, 'bad_data');
    t.ok(position.start < 10_000, `position ${position.start}`);
    if (name === 'signs of durations')
      t.match(message, /duration is nested too deeply: the limit is 500 levels/);
    else
      t.match(message, /parse error: more than 500 expressions, matchers and labels \(--query\.max-nodes\)$/);
  });
}

t.test('an expression at the limit is accepted', async (t) => {
  const nodes = new NodeCount(6);
  parseExpr('sum by (job) (a{b="c"}) + 1', { nodes });
  t.equal(nodes.count, 6);
});

t.test('the selectors of a request share their limit', async (t) => {
  const nodes = new NodeCount(3);
  parseSelector('a{b="c"}', nodes);
  parseSelector('{b="c",d="e"}', nodes);
  t.throws(() => parseSelector('{b="c"}', nodes), {
    message: /more than 3 expressions, matchers and labels/,
  });
});

t.test('the regular expressions of a request are limited together', async (t) => {
  const matchers = Array.from({ length: 100 }, (_, i) => `l${i}=~"a{1000}b?"`).join(',');
  t.throws(() => parseExpr(`{${matchers}}`, { nodes: new NodeCount(1000) }), {
    code: 'bad_data',
    message: /regular expressions too large: together they compile to more than 60000 instructions/,
  });
  t.doesNotThrow(() => parseExpr(`{${matchers}}`), 'not those of rules');
  const plain = Array.from({ length: 100 }, (_, i) => `l${i}=~"(${'host-1|'.repeat(300)}x)"`).join(',');
  t.doesNotThrow(
    () => parseExpr(`{${plain}}`, { nodes: new NodeCount(1000) }),
    'plain alternatives have no size',
  );
});
