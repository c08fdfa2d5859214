// Native histograms in the notation of test files: `{{schema:0 sum:1 count:2 buckets:[1 1]}}`.

import {
  createHistogram,
  detectReset,
  tryAddHistograms,
  tryParseFloat,
  trySubtractHistograms,
  PromfedError,
  type CounterResetHint,
  type Histogram,
  type SparseBuckets,
} from '../../model/index.js';

/** A sample; `'stale'` is a stale marker. */
export type StoredSample = number | Histogram | 'stale';

const HINTS: ReadonlySet<string> = new Set(['unknown', 'reset', 'not_reset', 'gauge']);
const PARTS = /(\w+):(\[[^\]]*\]|[^\s}]+)/g;

function isHint(text: string): text is CounterResetHint {
  return HINTS.has(text);
}

/** A histogram as written. `hint` is undefined without a `counter_reset_hint`. */
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
  if (hint !== undefined && !isHint(hint)) throw invalid(`counter_reset_hint: ${hint}`);
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

/** Buckets of consecutive indices. Counts of 0 are dropped. */
function denseBuckets(offset: number, counts: readonly number[]): SparseBuckets {
  const populated = counts.flatMap((count, i) => (count === 0 ? [] : [{ index: offset + i, count }]));
  return { indices: populated.map(({ index }) => index), counts: populated.map(({ count }) => count) };
}

function invalid(reason: string): PromfedError {
  return new PromfedError('bad_data', `invalid histogram: ${reason}`);
}

function toNumber(text: string): number {
  const value = tryParseFloat(text);
  if (value === undefined) throw invalid(`not a number: ${text}`);
  return value;
}

const ITEM = /^(\{\{.*?\}\})(?:([+-])(\{\{.*?\}\}))?(?:x([0-9]+))?$/;

/** Parses a sequence of histograms, for example `{{…}}+{{…}}x3`. Undefined for another item. */
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
 * Replaces hints by those of stored samples: `not_reset` after a sample without a reset, otherwise `unknown`.
 *
 * Source: Prometheus, tsdb/chunkenc/float_histogram.go.
 */
export function withStoredHints<Sample extends StoredSample | undefined>(
  samples: readonly Sample[],
): (Sample | Histogram)[] {
  let previous: StoredSample | undefined;
  return samples.map((sample) => {
    const before = previous;
    previous = sample;
    if (typeof sample !== 'object' || sample.hint === 'gauge') return sample;
    const unhinted: Histogram = { ...sample, hint: 'unknown' };
    previous = unhinted;
    const continues =
      typeof before === 'object' &&
      before.hint !== 'gauge' &&
      sample.hint !== 'reset' &&
      !detectReset(unhinted, { ...before, hint: 'unknown' });
    return continues ? { ...unhinted, hint: 'not_reset' } : unhinted;
  });
}
