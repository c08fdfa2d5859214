// The functions of PromQL: their names, argument types and results. Not what they compute.

import type { ValueType } from '../../model/index.js';

/** What a call must look like. Source: Prometheus, promql/parser/functions.go. */
export interface Signature {
  readonly name: string;
  /** The type of each argument; further ones, where allowed, have the type of the last. */
  readonly args: readonly ValueType[];
  /** Fewest and most arguments, inclusive; `maxArgs` is Infinity when there is no upper bound. */
  readonly minArgs: number;
  readonly maxArgs: number;
  readonly returns: ValueType;
  /** Needs the feature promql-experimental-functions. */
  readonly experimental: boolean;
  /** Which series one series of the result comes from: what decides where the function may be computed. */
  readonly dependsOn: SeriesDependency;
}

/**
 * - `one`: one series, whatever others there are.
 * - `buckets`: those that differ in `le` only.
 * - `labels`: one series, with the label that the second argument names written anew.
 * - `all`: any or all of them, or they are put in order.
 */
type SeriesDependency = 'one' | 'buckets' | 'labels' | 'all';

/** Every function, by name. Function names are case-sensitive. */
export const SIGNATURES: ReadonlyMap<string, Signature> = createTable();

/** The type that the argument at `index` (from 0) must have, or `undefined` when the function takes none there. */
export function argumentType(signature: Signature, index: number): ValueType | undefined {
  if (index >= signature.maxArgs) return undefined;
  return signature.args[Math.min(index, signature.args.length - 1)];
}

function createTable(): ReadonlyMap<string, Signature> {
  const table = new Map<string, Signature>();
  const stable = { experimental: false, dependsOn: 'one' } as const;
  const experimental = { experimental: true, dependsOn: 'one' } as const;

  /** Adds functions that share a signature; names are separated by spaces. */
  function add(
    names: string,
    args: readonly ValueType[],
    returns: ValueType,
    {
      experimental,
      dependsOn,
      minArgs,
      maxArgs,
    }: { experimental: boolean; dependsOn: SeriesDependency; minArgs?: number; maxArgs?: number },
  ): void {
    for (const name of names.split(' ')) {
      table.set(name, {
        name,
        args,
        minArgs: minArgs ?? args.length,
        maxArgs: maxArgs ?? args.length,
        returns,
        experimental,
        dependsOn,
      });
    }
  }

  add(
    'abs acos acosh asin asinh atan atanh ceil cos cosh deg exp floor ' +
      'histogram_avg histogram_count histogram_sum histogram_stddev histogram_stdvar ' +
      'ln log2 log10 rad sgn sin sinh sqrt tan tanh timestamp',
    ['vector'],
    'vector',
    stable,
  );
  add('absent sort sort_desc', ['vector'], 'vector', { ...stable, dependsOn: 'all' });
  add('start_timestamp', ['vector'], 'vector', experimental);
  add('day_of_month day_of_week day_of_year days_in_month hour minute month year', ['vector'], 'vector', {
    ...stable,
    minArgs: 0,
  });
  add(
    'avg_over_time count_over_time first_over_time last_over_time max_over_time ' +
      'min_over_time present_over_time stddev_over_time stdvar_over_time sum_over_time ' +
      'changes delta deriv idelta increase irate rate resets',
    ['matrix'],
    'vector',
    stable,
  );
  add(
    'mad_over_time ts_of_first_over_time ts_of_last_over_time ts_of_max_over_time ts_of_min_over_time',
    ['matrix'],
    'vector',
    experimental,
  );
  add('absent_over_time', ['matrix'], 'vector', { ...stable, dependsOn: 'all' });
  add('quantile_over_time', ['scalar', 'matrix'], 'vector', stable);
  add('predict_linear', ['matrix', 'scalar'], 'vector', stable);
  add('double_exponential_smoothing', ['matrix', 'scalar', 'scalar'], 'vector', experimental);

  add('clamp', ['vector', 'scalar', 'scalar'], 'vector', stable);
  add('clamp_max clamp_min', ['vector', 'scalar'], 'vector', stable);
  add('round', ['vector', 'scalar'], 'vector', { ...stable, minArgs: 1 });
  add('histogram_fraction', ['scalar', 'scalar', 'vector'], 'vector', { ...stable, dependsOn: 'buckets' });
  add('histogram_quantile', ['scalar', 'vector'], 'vector', { ...stable, dependsOn: 'buckets' });
  add('histogram_quantiles', ['vector', 'string', 'scalar', 'scalar'], 'vector', {
    ...experimental,
    dependsOn: 'buckets',
    minArgs: 3,
    maxArgs: 12,
  });

  add('label_replace', ['vector', 'string', 'string', 'string', 'string'], 'vector', {
    ...stable,
    dependsOn: 'labels',
  });
  add('label_join', ['vector', 'string', 'string', 'string'], 'vector', {
    ...stable,
    dependsOn: 'labels',
    minArgs: 3,
    maxArgs: Infinity,
  });
  add('sort_by_label sort_by_label_desc', ['vector', 'string'], 'vector', {
    ...experimental,
    dependsOn: 'all',
    minArgs: 1,
    maxArgs: Infinity,
  });
  add('info', ['vector', 'vector'], 'vector', { ...experimental, dependsOn: 'all', minArgs: 1 });

  add('scalar', ['vector'], 'scalar', { ...stable, dependsOn: 'all' });
  add('vector', ['scalar'], 'vector', stable);
  add('time pi', [], 'scalar', stable);
  add('start end range step', [], 'scalar', experimental);
  add('min_of max_of', ['scalar', 'scalar'], 'scalar', experimental);
  return table;
}
