import t from 'tap';

import { FEATURES, parseExpr, type Feature, type FeatureSet } from '../../../src/promql/language/index.js';

const GATED: readonly { query: string; feature: Feature; message: string }[] = [
  {
    query: 'mad_over_time(up[5m])',
    feature: 'promql-experimental-functions',
    message: '1:1: parse error: function "mad_over_time" is not enabled',
  },
  {
    query: '1 + start()',
    feature: 'promql-experimental-functions',
    message: '1:5: parse error: function "start" is not enabled',
  },
  {
    query: 'min_of(1, 2)',
    feature: 'promql-experimental-functions',
    message: '1:1: parse error: function "min_of" is not enabled',
  },
  {
    query: 'sum(limitk(1, up))',
    feature: 'promql-experimental-functions',
    message:
      '1:5: parse error: limitk() is experimental and must be enabled with --enable-feature=promql-experimental-functions',
  },
  {
    query: 'limit_ratio(0.5, up)',
    feature: 'promql-experimental-functions',
    message:
      '1:1: parse error: limit_ratio() is experimental and must be enabled with --enable-feature=promql-experimental-functions',
  },
  {
    query: 'up[1m + 1m]',
    feature: 'promql-duration-expr',
    message: '1:4: parse error: experimental duration expression is not enabled',
  },
  {
    query: 'up[(5m)]',
    feature: 'promql-duration-expr',
    message: '1:5: parse error: experimental duration expression is not enabled',
  },
  {
    query: 'up[5m:step()]',
    feature: 'promql-duration-expr',
    message: '1:7: parse error: experimental duration expression is not enabled',
  },
  {
    query: 'up offset -max_of(1m, 2m)',
    feature: 'promql-duration-expr',
    message: '1:11: parse error: experimental duration expression is not enabled',
  },
  {
    query: 'rate(up[5m] anchored)',
    feature: 'promql-extended-range-selectors',
    message: '1:6: parse error: anchored modifier is experimental and not enabled',
  },
  {
    query: 'up smoothed',
    feature: 'promql-extended-range-selectors',
    message: '1:1: parse error: smoothed modifier is experimental and not enabled',
  },
  {
    query: '1 * (up + on (a) fill_left (0) up)',
    feature: 'promql-binop-fill-modifiers',
    message: '1:6: parse error: binop fill modifiers are experimental and not enabled',
  },
];

t.test('an experimental construct requires its own feature and no other', async (t) => {
  for (const { query, feature, message } of GATED) {
    t.throws(() => parseExpr(query), { message }, query);
    const others: FeatureSet = new Set(FEATURES.filter((other) => other !== feature));
    t.throws(() => parseExpr(query, { features: others }), { message }, `${query} with all other features`);
    t.ok(parseExpr(query, { features: new Set([feature]) }), `${query} with ${feature}`);
  }
});

t.test('stable constructs require no feature', async (t) => {
  for (const query of [
    'up offset -5m',
    'up @ end()',
    'up offset -(5m)',
    'min_over_time(up[5m:])',
    'first_over_time(up[5m])',
    'fill + fill_left / step',
    'up </ 1',
    '{"a.b"}',
  ]) {
    t.ok(parseExpr(query), query);
  }
});
