// Samples in the queue, and their sizes.

import type { Histogram, Labels } from '../../model/index.js';
import type { WriteSample, WriteSeries } from './encoding/write-series.js';
import type { JournalEntry } from './journal/journal.js';
import type { SampleCounts } from './metrics.js';

/** A series as it is sent. Shared by its samples. */
export interface QueuedSeries {
  /** Labels as rules returned them. */
  readonly source: Labels;
  /** Labels as they are sent: with external labels, after relabelling. */
  readonly labels: Labels;
  /** Non-negative integer; equal for equal labels. */
  readonly hash: number;
  /** Size of the labels in a request, before compression. */
  readonly bytes: number;
}

export interface QueuedSample extends WriteSample {
  readonly series: QueuedSeries;
  /** The journal's entry that contains the sample. */
  readonly entry: JournalEntry;
}

const FLOAT_BYTES = 24;
const HISTOGRAM_BYTES = 96;
const BUCKET_BYTES = 16;

/** Returns an upper bound of the size of a sample in a request without its labels; also an estimate of its memory. */
export function sampleBytes(value: number | Histogram | 'stale'): number {
  if (typeof value !== 'object') return FLOAT_BYTES;
  const { positive, negative, customValues } = value;
  const numbers = positive.counts.length + negative.counts.length + customValues.length;
  return HISTOGRAM_BYTES + numbers * BUCKET_BYTES;
}

export function countSamples(samples: readonly QueuedSample[]): SampleCounts {
  let histograms = 0;
  for (const { value } of samples) if (typeof value === 'object') histograms++;
  return { samples: samples.length - histograms, histograms };
}

/** Returns the time of the newest sample; −Infinity without samples. */
export function highestTimeMs(samples: readonly QueuedSample[]): number {
  return samples.reduce((highest, { timeMs }) => Math.max(highest, timeMs), -Infinity);
}

/** Groups samples by series, in the order of the first sample of each. The samples of a series are in order of time. */
export function groupBySeries(samples: readonly QueuedSample[]): WriteSeries[] {
  const groups = new Map<string, { readonly labels: Labels; readonly samples: QueuedSample[] }>();
  for (const sample of samples) {
    const { labels } = sample.series;
    const group = groups.get(labels.key);
    if (group === undefined) groups.set(labels.key, { labels, samples: [sample] });
    else group.samples.push(sample);
  }
  // The sort is stable, and in most groups there is one sample.
  for (const group of groups.values()) group.samples.sort((a, b) => a.timeMs - b.timeMs);
  return [...groups.values()];
}
