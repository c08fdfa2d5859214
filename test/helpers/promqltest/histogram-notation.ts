// Native histograms in test scripts: conversion of classic histograms, comparison.

import {
  createHistogram,
  CUSTOM_BUCKETS,
  Labels,
  tryParseFloat,
  type Histogram,
} from '../../../src/model/index.js';
import type { WrittenHistogram } from '../../../src/rules/unit-test/histogram-notation.js';
import { denseBuckets } from '../series/dense-buckets.js';

/** A sample of a script; `'stale'` is a stale marker, undefined a missing sample. */
export type ScriptSample = number | Histogram | 'stale' | undefined;

/** A series of a script. */
export interface ScriptSeries {
  readonly labels: Labels;
  /** Samples by their time in milliseconds. */
  readonly samples: Map<number, ScriptSample>;
  /** Start timestamps of samples that have one, by the time of the sample, in milliseconds. */
  readonly startsMs: Map<number, number>;
}

interface Classic {
  readonly buckets: Map<number, number>;
  count: number | undefined;
  sum: number;
}

/**
 * Converts the classic histograms of some series to native histograms with custom buckets.
 *
 * Source: Prometheus, util/convertnhcb.
 */
export function convertClassic(series: Iterable<ScriptSeries>): ScriptSeries[] {
  const converted = new Map<string, { labels: Labels; at: Map<number, Classic> }>();
  for (const { labels, samples } of series) {
    const [, base, suffix] = /^(.*)_(bucket|count|sum)$/.exec(labels.metricName) ?? [];
    if (base === undefined) continue;
    const bound = suffix === 'bucket' ? tryParseFloat(labels.get('le')) : NaN;
    if (bound === undefined) continue;
    const target = labels.drop(new Set(['le'])).with(Labels.of([['__name__', base]]));
    const histogram = converted.get(target.key) ?? { labels: target, at: new Map<number, Classic>() };
    converted.set(target.key, histogram);
    for (const [timeMs, value] of samples) {
      if (typeof value !== 'number') continue;
      const classic = histogram.at.get(timeMs) ?? { buckets: new Map(), count: undefined, sum: 0 };
      histogram.at.set(timeMs, classic);
      if (suffix === 'bucket') classic.buckets.set(bound, value);
      else if (suffix === 'count') classic.count = value;
      else classic.sum = value;
    }
  }
  return [...converted.values()].map(({ labels, at }) => ({
    labels,
    startsMs: new Map(),
    samples: new Map(
      [...at].flatMap(([timeMs, classic]) => {
        const histogram = tryConvert(classic);
        return histogram === undefined ? [] : [[timeMs, histogram] as const];
      }),
    ),
  }));
}

function tryConvert({ buckets, count, sum }: Classic): Histogram | undefined {
  if (buckets.size === 0 && count === undefined) return undefined;
  const sorted = [...buckets].sort(([a], [b]) => a - b);
  const total = count ?? sorted.at(-1)![1];
  if (sorted.at(-1)?.[0] !== Infinity) sorted.push([Infinity, total]);
  const counts = sorted.map(([, value], i) => value - (sorted[i - 1]?.[1] ?? 0));
  if (counts.some((value) => value < 0)) return undefined;
  return createHistogram({
    schema: CUSTOM_BUCKETS,
    count: total,
    sum,
    customValues: sorted.slice(0, -1).map(([bound]) => bound),
    positive: denseBuckets(0, counts),
  });
}

/** Reports whether a histogram equals the one of a script. Numbers are compared with `near`. */
export function matchesHistogram(
  actual: Histogram,
  { histogram: expected, hint }: WrittenHistogram,
  near: (a: number, b: number) => boolean,
): boolean {
  const all = (a: readonly number[], b: readonly number[]): boolean =>
    a.length === b.length && a.every((value, i) => near(value, b[i]!));
  return (
    actual.schema === expected.schema &&
    (hint === undefined || hint === actual.hint) &&
    all(
      [actual.count, actual.sum, actual.zeroCount, actual.zeroThreshold],
      [expected.count, expected.sum, expected.zeroCount, expected.zeroThreshold],
    ) &&
    all(actual.customValues, expected.customValues) &&
    all(actual.positive.indices, expected.positive.indices) &&
    all(actual.positive.counts, expected.positive.counts) &&
    all(actual.negative.indices, expected.negative.indices) &&
    all(actual.negative.counts, expected.negative.counts)
  );
}
