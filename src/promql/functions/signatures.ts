// The signatures of PromQL functions: names, argument types, results.

import type { ValueType } from '../../model/index.js';

/** The signature of one function. Source: Prometheus, promql/parser/functions.go. */
export interface Signature {
  readonly name: string;
  /** The type of each argument. Further arguments have the type of the last one. */
  readonly args: readonly ValueType[];
  /** Minimum number of arguments. */
  readonly minArgs: number;
  /** Maximum number of arguments; Infinity when unbounded. */
  readonly maxArgs: number;
  readonly returns: ValueType;
  /** True when the function needs the feature promql-experimental-functions. */
  readonly experimental: boolean;
  /** Input series that one series of the result depends on. Decides where the function may be computed. */
  readonly dependsOn: SeriesDependency;
}

/** The label with the upper bound of a bucket whose counts are cumulative. */
export const BUCKET_BOUND = 'le';
/** The label with the bounds of a bucket of VictoriaMetrics, which counts the observations between them. */
export const BUCKET_RANGE = 'vmrange';
/** The labels by which the buckets of one histogram differ. */
export const BUCKET_LABELS: ReadonlySet<string> = new Set([BUCKET_BOUND, BUCKET_RANGE]);

/**
 * Input series that one series of the result depends on.
 *
 * - `one`: one series, independent of the others.
 * - `buckets`: the series that differ in `BUCKET_LABELS` only.
 * - `labels`: one series, and the function writes the label named by the second argument.
 * - `all`: any of them, or the result depends on their order.
 */
type SeriesDependency = 'one' | 'buckets' | 'labels' | 'all';

/** All functions by name. Names are case-sensitive. */
export const SIGNATURES: ReadonlyMap<string, Signature> = createTable();

/** Returns the type of the argument at `index`, counted from 0; undefined when there cannot be one. */
export function argumentType(signature: Signature, index: number): ValueType | undefined {
  if (index >= signature.maxArgs) return undefined;
  return signature.args[Math.min(index, signature.args.length - 1)];
}

function createTable(): ReadonlyMap<string, Signature> {
  const table = new Map<string, Signature>();
  const stable = { experimental: false, dependsOn: 'one' } as const;
  const experimental = { experimental: true, dependsOn: 'one' } as const;

  /** Adds functions with the same signature. Names are separated by spaces. */
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
