// Expressions that a region rejects: promfed computes them from smaller ones, which the region accepts.

import t from 'tap';

import { PromfedError } from '../../src/model/index.js';
import { federationOf } from '../helpers/federation.js';
import {
  failing,
  fakeGroup,
  read,
  rejection,
  request,
  vector,
  type Answer,
  type FakeGroup,
} from './fake-group.js';

/** Rejects expressions that match the pattern with a text. Answers others with one series. */
function rejecting(pattern: RegExp, text: string): Answer {
  return ({ expr }) => {
    if (pattern.test(expr))
      throw new PromfedError('rejected', `server group "eu": target a: rejected: ${text}`);
    return vector({ a: 3 });
  };
}

interface Case {
  readonly name: string;
  readonly query: string;
  readonly rejects: RegExp;
  readonly text: string;
  /** The expressions that the region receives, one line for each plan. */
  readonly received: readonly string[];
  readonly result: Record<string, number>;
}

const EU = '{pod="a", region="eu"}';

const CASES: readonly Case[] = [
  {
    name: 'a join that fails is computed from its sides, which are sent as they are',
    query: 'abs(floor(x) - on (pod, region) sum by (pod, region) (y)) > -1',
    rejects: / - /,
    text: 'cannot execute "…": duplicate time series on the right side of - on (pod): {} and {}',
    received: ['abs(floor(x) - on (pod) sum by (pod) (y)) > -1', 'floor(x)', 'sum by (pod) (y)'],
    result: { [EU]: 0 },
  },
  {
    name: 'a function that the region does not have',
    query: 'sum by (region) (abs(floor(x)))',
    rejects: /abs/,
    text: 'parse error: unknown function with name "abs"',
    received: ['sum(abs(floor(x)))', 'floor(x)'],
    result: { '{region="eu"}': 3 },
  },
  {
    name: 'an aggregation that the region does not have, in an average of all groups',
    query: 'avg by (pod) (x)',
    rejects: /sum|count/,
    text: 'unknown func "sum"',
    received: ['count by (pod) (x)', 'sum by (pod) (x)', 'x'],
    result: { '{pod="a"}': 3 },
  },
  {
    name: 'an unknown text: regions compute nothing',
    query: 'sum by (region) (abs(-x))',
    rejects: /[(-]/,
    text: 'no idea',
    received: ['sum(abs(-x))', 'x'],
    result: { '{region="eu"}': 3 },
  },
  {
    name: 'the presence of series',
    query: 'absent(x)',
    rejects: /group/,
    text: 'unknown func "group"',
    received: ['group(x)', 'x'],
    result: {},
  },
  {
    name: 'one rejection after the other',
    query: 'abs(x) * ceil(y) * floor(z)',
    rejects: /abs|ceil|floor/,
    text: 'no idea',
    received: ['abs(x) * ignoring (region) ceil(y) * ignoring (region) floor(z)', 'x', 'y', 'z'],
    result: { [EU]: 27 },
  },
];

for (const { name, query, rejects, text, received, result } of CASES) {
  t.test(`a rejected expression is computed: ${name}`, async (t) => {
    for (const ignoreError of [true, false]) {
      const eu = fakeGroup('eu', { region: 'eu' }, rejecting(rejects, text), ignoreError);
      const us = fakeGroup('us', { region: 'us' }, () => vector({}));
      const answer = await federationOf([eu, us]).query(request(query));
      t.strictSame(await read(answer), result);
      t.strictSame(answer.annotations.warnings, []);
      t.strictSame([...new Set(eu.received)].sort(), [...received].sort());
    }
  });
}

/** Warns about buckets without a bound when the expression has a function of buckets. Answers others with ranges. */
const ignoring: Answer = async function* ({ expr }) {
  const text =
    'PromQL warning: bucket label "le" is missing or has a malformed value of "" for metric name "x_bucket" (1:25)';
  const isIgnored = expr.includes('histogram');
  const series = [
    { metric: { pod: 'a', vmrange: '1...2' }, value: [1000, '2'] },
    { metric: { pod: 'a', vmrange: '2...4' }, value: [1000, '2'] },
  ];
  const data = { resultType: 'vector', result: isIgnored ? [] : series };
  const warnings = isIgnored ? { warnings: [text] } : {};
  yield Buffer.from(JSON.stringify({ status: 'success', data, ...warnings }));
};

t.test(
  'functions of buckets that a region ignores are computed when the buckets may have ranges',
  async (t) => {
    const cases: readonly (readonly [query: string, received: readonly string[], found: boolean])[] = [
      [
        'max(histogram_quantile(0.5, x_bucket))',
        ['max(histogram_quantile(0.5, x_bucket))', 'x_bucket'],
        true,
      ],
      [
        'max(abs(histogram_fraction(1, 2, rate(x_bucket[5m]) * 2)))',
        ['max(abs(histogram_fraction(1, 2, rate(x_bucket[5m]) * 2)))', 'rate(x_bucket[5m]) * 2'],
        true,
      ],
      // The aggregation removes the ranges, and the other metric is not a histogram.
      [
        'max(histogram_quantile(0.5, sum by (region) (x_bucket)))',
        ['max(histogram_quantile(0.5, sum(x_bucket)))'],
        false,
      ],
      ['max(histogram_quantile(0.5, x))', ['max(histogram_quantile(0.5, x))'], false],
    ];
    for (const [query, received, found] of cases) {
      const [eu, us] = ['eu', 'us'].map((region) => fakeGroup(region, { region }, ignoring));
      const answer = await federationOf([eu!, us!]).query(request(query));
      const values = await read(answer);
      t.strictSame([eu!.received, us!.received], [received, received], query);
      t.equal(Object.keys(values).length, found ? 1 : 0, query);
      t.equal(answer.annotations.warnings.length, found ? 0 : 1, query);
    }
  },
);

t.test('an explanation states that a region rejected an expression', async (t) => {
  const eu = fakeGroup('eu', { region: 'eu' }, rejecting(/abs/, 'unknown func "abs"'));
  const { text } = await federationOf([eu]).explain({ ...request('abs(x)'), analyze: true });
  t.match(text, /^abs\(\).*a region rejected it/);
});

t.test(
  'an expression that one of several replicas rejects is computed from the samples of all',
  async (t) => {
    const eu = fakeGroup('eu', { region: 'eu' }, () => vector({ a: 3 }));
    let rejections = 0;
    const replicated: FakeGroup = {
      ...eu,
      async query(query, context) {
        const answer = await eu.query(query, context);
        if (query.expr === 'x') return answer;
        rejections++;
        return { ...answer, rejection: new PromfedError('rejected', 'unknown func "abs"') };
      },
    };
    const answer = await federationOf([replicated]).query(request('abs(x)'));
    t.strictSame(await read(answer), { [EU]: 3 });
    t.strictSame([eu.received, rejections, eu.closedBodies], [['abs(x)', 'x'], 1, 2]);
  },
);

t.test(
  'a selector that regions reject: a warning when another group answers, otherwise an error',
  async (t) => {
    const answering = fakeGroup('us', { region: 'us' }, () => vector({ a: 3 }));
    const down = fakeGroup('us', { region: 'us' }, failing('upstream', 'connection refused'), true);
    const text = 'server group "eu": target a: rejected: bad name';
    const optional = (): FakeGroup => fakeGroup('eu', { region: 'eu' }, rejecting(/./, 'bad name'), true);
    const required = fakeGroup('eu', { region: 'eu' }, rejecting(/./, 'bad name'));

    const partial = await federationOf([optional(), answering]).query(request('x'));
    t.strictSame(await read(partial), { '{pod="a", region="us"}': 3 });
    t.strictSame(partial.annotations.warnings, [
      'server group "eu" is missing from this answer: target a: rejected: bad name',
    ]);
    for (const groups of [[optional()], [optional(), down], [required, answering]]) {
      for (const query of ['x', 'sum(x)', 'sum(x) + sum(y)']) {
        const error = await rejection(federationOf(groups).query(request(query)));
        t.match([error.code, error.errorType, error.message], ['rejected', 'execution', text], query);
      }
    }
  },
);

t.test('a limit of an optional group is a warning', async (t) => {
  const eu = fakeGroup('eu', { region: 'eu' }, failing('region_limit', 'too many samples'), true);
  const us = fakeGroup('us', { region: 'us' }, () => vector({ a: 3 }));
  const answer = await federationOf([eu, us]).query(request('sum(x)'));
  t.strictSame(await read(answer), { '{}': 3 });
  t.strictSame(answer.annotations.warnings, [
    'server group "eu" is missing from this answer: too many samples',
  ]);
});
