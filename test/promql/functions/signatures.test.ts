import t from 'tap';

import { SIGNATURES, argumentType } from '../../../src/promql/functions/index.js';

t.test('every function of PromQL has a signature', async (t) => {
  const stable =
    'abs absent absent_over_time acos acosh asin asinh atan atanh avg_over_time ceil changes clamp clamp_max ' +
    'clamp_min cos cosh count_over_time day_of_month day_of_week day_of_year days_in_month deg delta deriv exp ' +
    'first_over_time floor histogram_avg histogram_count histogram_fraction histogram_quantile histogram_stddev ' +
    'histogram_stdvar histogram_sum hour idelta increase irate label_join label_replace last_over_time ln log10 ' +
    'log2 max_over_time min_over_time minute month pi predict_linear present_over_time quantile_over_time rad rate ' +
    'resets round scalar sgn sin sinh sort sort_desc sqrt stddev_over_time stdvar_over_time sum_over_time tan tanh ' +
    'time timestamp vector year';
  const experimental =
    'double_exponential_smoothing end histogram_quantiles info mad_over_time max_of min_of range sort_by_label ' +
    'sort_by_label_desc start start_timestamp step ts_of_first_over_time ts_of_last_over_time ts_of_max_over_time ' +
    'ts_of_min_over_time';
  const named = (flag: boolean, names: readonly string[]): string[] =>
    names.filter((name) => SIGNATURES.get(name)?.experimental === flag);
  t.strictSame(named(false, stable.split(' ')), stable.split(' '));
  t.strictSame(named(true, experimental.split(' ')), experimental.split(' '));
});

t.test('a signature has the number and the types of arguments', async (t) => {
  const cases: readonly (readonly [
    name: string,
    min: number,
    max: number,
    types: readonly (string | undefined)[],
    returns: string,
  ])[] = [
    ['abs', 1, 1, ['vector', undefined], 'vector'],
    ['time', 0, 0, [undefined], 'scalar'],
    ['hour', 0, 1, ['vector', undefined], 'vector'],
    ['round', 1, 2, ['vector', 'scalar', undefined], 'vector'],
    ['rate', 1, 1, ['matrix', undefined], 'vector'],
    ['quantile_over_time', 2, 2, ['scalar', 'matrix', undefined], 'vector'],
    ['predict_linear', 2, 2, ['matrix', 'scalar', undefined], 'vector'],
    ['histogram_fraction', 3, 3, ['scalar', 'scalar', 'vector', undefined], 'vector'],
    ['histogram_quantiles', 3, 12, ['vector', 'string', 'scalar', 'scalar', 'scalar'], 'vector'],
    ['label_replace', 5, 5, ['vector', 'string', 'string', 'string', 'string', undefined], 'vector'],
    ['label_join', 3, Infinity, ['vector', 'string', 'string', 'string', 'string', 'string'], 'vector'],
    ['sort_by_label', 1, Infinity, ['vector', 'string', 'string'], 'vector'],
    ['info', 1, 2, ['vector', 'vector', undefined], 'vector'],
    ['scalar', 1, 1, ['vector', undefined], 'scalar'],
    ['vector', 1, 1, ['scalar', undefined], 'vector'],
    ['min_of', 2, 2, ['scalar', 'scalar', undefined], 'scalar'],
  ];
  for (const [name, min, max, types, returns] of cases) {
    const signature = SIGNATURES.get(name)!;
    t.equal(signature.minArgs, min, name);
    t.equal(signature.maxArgs, max, name);
    t.equal(signature.returns, returns, name);
    t.strictSame(
      types.map((_, i) => argumentType(signature, i)),
      types,
      name,
    );
  }
});

t.test('signatures are consistent', async (t) => {
  for (const [name, { name: own, args, minArgs, maxArgs }] of SIGNATURES) {
    t.equal(own, name);
    t.ok(minArgs <= maxArgs, name);
    t.ok(maxArgs === 0 ? args.length === 0 : args.length >= 1, name);
    t.ok(args.length <= maxArgs, name);
  }
});
