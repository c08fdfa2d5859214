// Native histograms in the test-script language: their notation, hints as a store gives them, classic ones converted.

import {
  createHistogram,
  CUSTOM_BUCKETS,
  denseBuckets,
  detectReset,
  Labels,
  tryAddHistograms,
  trySubtractHistograms,
  type CounterResetHint,
  type Histogram,
} from '../../../src/model/index.js';
import { tryParseBound } from '../../../src/promql/functions/index.js';

/** A sample that a script writes; `'stale'` is the stale marker, undefined none. */
export type ScriptSample = number | Histogram | 'stale' | undefined;

const HINTS: ReadonlySet<string> = new Set(['unknown', 'reset', 'not_reset', 'gauge']);
const PARTS = /(\w+):(\[[^\]]*\]|[^\s}]+)/g;

function isHint(text: string): text is CounterResetHint {
  return HINTS.has(text);
}

/** A histogram as the script wrote it: the hint is there only when written. */
export interface WrittenHistogram {
  readonly histogram: Histogram;
  readonly hint: CounterResetHint | undefined;
}

/** Parses `{{schema:0 sum:1 …}}`. */
function parseHistogram(text: string): WrittenHistogram {
  const parts = new Map<string, string>();
  for (const [, name, value] of text.matchAll(PARTS)) parts.set(name!, value!);
  const one = (name: string): number => toNumber(parts.get(name) ?? '0');
  const list = (name: string): number[] =>
    (parts.get(name) ?? '[]')
      .slice(1, -1)
      .split(/\s+/)
      .filter((item) => item !== '')
      .map(toNumber);
  const hint = parts.get('counter_reset_hint');
  if (hint !== undefined && !isHint(hint)) throw new Error(`no hint: ${hint}`);
  const histogram = createHistogram({
    schema: one('schema'),
    sum: one('sum'),
    count: one('count'),
    zeroCount: one('z_bucket'),
    zeroThreshold: one('z_bucket_w'),
    positive: denseBuckets(one('offset'), list('buckets')),
    negative: denseBuckets(one('n_offset'), list('n_buckets')),
    customValues: list('custom_values'),
    hint: hint ?? 'unknown',
  });
  return { histogram, hint };
}

function toNumber(text: string): number {
  const value = tryParseBound(text);
  if (value === undefined) throw new Error(`no number: ${text}`);
  return value;
}

const ITEM = /^(\{\{.*?\}\})(?:([+-])(\{\{.*?\}\}))?(?:x([0-9]+))?$/;

/** The values of one item such as `{{…}}+{{…}}x3`; undefined when it is none of histograms. */
export function tryExpandHistograms(item: string): WrittenHistogram[] | undefined {
  const [, first, sign, delta, times] = ITEM.exec(item) ?? [];
  if (first === undefined) return undefined;
  const written = parseHistogram(first);
  const values = [written];
  for (let i = 0; i < Number(times ?? 0); i++) {
    let { histogram } = values.at(-1)!;
    if (delta !== undefined) {
      const combine = sign === '+' ? tryAddHistograms : trySubtractHistograms;
      histogram = combine(histogram, parseHistogram(delta).histogram)!.histogram;
    }
    values.push({ ...written, histogram });
  }
  return values;
}

/**
 * The hints that a store gives: what follows a sample without a reset says so, what begins anew knows nothing.
 *
 * Source: Prometheus, tsdb/chunkenc/float_histogram.go.
 */
export function withStoredHints(samples: readonly ScriptSample[]): ScriptSample[] {
  let previous: ScriptSample;
  return samples.map((sample) => {
    const before = previous;
    previous = sample;
    if (typeof sample !== 'object' || sample.hint === 'gauge') return sample;
    const fresh: Histogram = { ...sample, hint: 'unknown' };
    previous = fresh;
    const goesOn =
      typeof before === 'object' &&
      before.hint !== 'gauge' &&
      sample.hint !== 'reset' &&
      !detectReset(fresh, { ...before, hint: 'unknown' });
    return goesOn ? { ...fresh, hint: 'not_reset' } : fresh;
  });
}

/** A series of a script: its samples by their time in milliseconds. */
export interface ScriptSeries {
  readonly labels: Labels;
  readonly samples: Map<number, ScriptSample>;
  /** Since when samples count, by their time; only those that say so. */
  readonly startsMs: Map<number, number>;
}

interface Classic {
  readonly buckets: Map<number, number>;
  count: number | undefined;
  sum: number;
}

/**
 * The histograms with custom buckets that the classic ones among some series amount to.
 *
 * Source: Prometheus, util/convertnhcb.
 */
export function convertClassic(series: Iterable<ScriptSeries>): ScriptSeries[] {
  const found = new Map<string, { labels: Labels; at: Map<number, Classic> }>();
  for (const { labels, samples } of series) {
    const [, base, suffix] = /^(.*)_(bucket|count|sum)$/.exec(labels.metricName) ?? [];
    if (base === undefined) continue;
    const bound = suffix === 'bucket' ? tryParseBound(labels.get('le')) : NaN;
    if (bound === undefined) continue;
    const target = labels.drop(new Set(['le'])).with(Labels.of([['__name__', base]]));
    const histogram = found.get(target.key) ?? { labels: target, at: new Map<number, Classic>() };
    found.set(target.key, histogram);
    for (const [timeMs, value] of samples) {
      if (typeof value !== 'number') continue;
      const classic = histogram.at.get(timeMs) ?? { buckets: new Map(), count: undefined, sum: 0 };
      histogram.at.set(timeMs, classic);
      if (suffix === 'bucket') classic.buckets.set(bound, value);
      else if (suffix === 'count') classic.count = value;
      else classic.sum = value;
    }
  }
  return [...found.values()].map(({ labels, at }) => ({
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

/** Whether a histogram is the one that a script expects, counts compared as `near` says. */
export function matchesHistogram(
  got: Histogram,
  { histogram: wanted, hint }: WrittenHistogram,
  near: (a: number, b: number) => boolean,
): boolean {
  const all = (a: readonly number[], b: readonly number[]): boolean =>
    a.length === b.length && a.every((value, i) => near(value, b[i]!));
  return (
    got.schema === wanted.schema &&
    (hint === undefined || hint === got.hint) &&
    all(
      [got.count, got.sum, got.zeroCount, got.zeroThreshold],
      [wanted.count, wanted.sum, wanted.zeroCount, wanted.zeroThreshold],
    ) &&
    all(got.customValues, wanted.customValues) &&
    all(got.positive.indices, wanted.positive.indices) &&
    all(got.positive.counts, wanted.positive.counts) &&
    all(got.negative.indices, wanted.negative.indices) &&
    all(got.negative.counts, wanted.negative.counts)
  );
}
