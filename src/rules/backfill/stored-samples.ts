// The samples of an interrupted write that the receiver has: they are not written again.

import type { RemoteWriteSettings } from '../../config/index.js';
import { createQueryRequest, type QueryEngine } from '../../federation/index.js';
import {
  instantGrid,
  METRIC_NAME,
  printMatchers,
  Relabeler,
  type Labels,
  type RawSeries,
  type StopSignal,
} from '../../model/index.js';
import type { FeatureSet } from '../../promql/language/index.js';
import type { OutgoingSample } from '../ports.js';
import type { Chunk } from './chunk-evaluator.js';

export interface StoredSamplesOptions {
  /** Reads what the receiver stores. */
  readonly engine: QueryEngine;
  readonly receiver: RemoteWriteSettings;
  readonly externalLabels: Labels;
  readonly features: FeatureSet;
  readonly timeoutMs: number;
  readonly signal: StopSignal;
}

/**
 * Returns the samples that are not stored with the same time and value. Stored series may have more labels, which a
 * region adds. A series that corresponds to several stored ones, or several to it, is returned as a whole.
 *
 * @param name the recorded metric.
 * @throws PromfedError when the stored samples cannot be read.
 */
export async function withoutStored(
  samples: readonly OutgoingSample[],
  name: string,
  { fromMs, untilMs }: Chunk,
  options: StoredSamplesOptions,
): Promise<readonly OutgoingSample[]> {
  const { engine, receiver, externalLabels, features, timeoutMs, signal } = options;
  const relabeler = new Relabeler(receiver.writeRelabel);
  const sent = new Map<Labels, Labels>();
  for (const { labels } of samples) {
    if (sent.has(labels)) continue;
    const relabelled = relabeler.tryRelabel(externalLabels.with(labels));
    if (relabelled !== undefined) sent.set(labels, relabelled);
  }
  const names = new Set([...sent.values()].map((labels) => labels.metricName));
  const metric = names.size === 1 ? [...names][0]! : name;
  const selector = printMatchers([{ name: METRIC_NAME, op: '=', value: metric }]);
  const request = createQueryRequest(
    {
      text: `${selector}[${untilMs - fromMs + 1}ms]`,
      kind: 'instant',
      grid: instantGrid(untilMs),
      endMs: untilMs,
      lookbackDeltaMs: undefined,
      timeoutMs,
      routing: 'all',
      limit: undefined,
      stats: 'counters',
      signal,
    },
    features,
  );
  const answer = await engine.evaluate(request);
  try {
    const series = answer.value.type === 'matrix' ? answer.value.series : [];
    const stored = storedSeries(sent, series);
    return samples.filter((sample) => !isStored(sample, stored.get(sample.labels)));
  } finally {
    answer.release();
  }
}

/** Values of the stored samples by time; undefined for a native histogram. */
type StoredValues = ReadonlyMap<number, number | undefined>;

function storedSeries(
  sent: ReadonlyMap<Labels, Labels>,
  series: readonly RawSeries[],
): ReadonlyMap<Labels, StoredValues> {
  const index = new SentSeries(sent);
  const found = new Map<Labels, RawSeries[]>();
  for (const one of series) {
    const [labels, ...others] = index.containedIn(one.labels);
    if (labels === undefined || others.length > 0) continue;
    const stored = found.get(labels);
    if (stored === undefined) found.set(labels, [one]);
    else stored.push(one);
  }
  const values = new Map<Labels, StoredValues>();
  for (const [labels, [first, ...others]] of found) {
    if (first !== undefined && others.length === 0) values.set(labels, valuesOf(first));
  }
  return values;
}

/** The labels of series by those that are sent for them, found by label names first. */
class SentSeries {
  readonly #byNames = new Map<
    string,
    { readonly names: ReadonlySet<string>; readonly byKey: Map<string, Labels[]> }
  >();

  constructor(sent: ReadonlyMap<Labels, Labels>) {
    for (const [labels, relabelled] of sent) {
      const { key } = relabelled;
      const names = relabelled.names();
      const joined = JSON.stringify(names);
      let entry = this.#byNames.get(joined);
      if (entry === undefined) {
        this.#byNames.set(joined, (entry = { names: new Set(names), byKey: new Map<string, Labels[]>() }));
      }
      const equal = entry.byKey.get(key);
      if (equal === undefined) entry.byKey.set(key, [labels]);
      else equal.push(labels);
    }
  }

  /** Returns the series all of whose labels a stored series has. */
  containedIn(stored: Labels): readonly Labels[] {
    return [...this.#byNames.values()].flatMap(({ names, byKey }) => byKey.get(stored.keep(names).key) ?? []);
  }
}

function valuesOf({ timestamps, values, histograms }: RawSeries): StoredValues {
  return new Map(
    Array.from(timestamps, (timeMs, i) => [timeMs, histograms?.[i] === undefined ? values[i] : undefined]),
  );
}

function isStored({ timeMs, value, isStale }: OutgoingSample, stored: StoredValues | undefined): boolean {
  if (isStale || stored?.has(timeMs) !== true) return false;
  const known = stored.get(timeMs);
  return known === undefined || typeof value !== 'number' ? typeof value === 'object' : isNear(known, value);
}

/** Receivers may round what they store. */
function isNear(a: number, b: number): boolean {
  return Object.is(a, b) || Math.abs(a - b) <= 1e-12 * Math.max(Math.abs(a), Math.abs(b));
}
