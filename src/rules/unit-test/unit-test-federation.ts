// The federation of a unit test: the regions of the test, and a group for the results of rules.

import type { InputSeriesSettings, UnitTestSettings } from '../../config/index.js';
import { createFederation, type Federation } from '../../federation/index.js';
import { appendAll, Labels } from '../../model/index.js';
import type { FeatureSet } from '../../promql/language/index.js';
import { systemClock } from '../../runtime/index.js';
import type { StoredSample } from './histogram-notation.js';
import { createMemoryGroup } from './memory-group.js';
import { expandSamples, splitSeries } from './series-notation.js';
import { SeriesStore } from './series-store.js';

export interface UnitTestFederation {
  readonly engine: Federation;
  /** Results of rules, and the series without a region. */
  readonly results: SeriesStore;
  /** Makes the samples up to a time visible. */
  advance(untilMs: number): void;
}

interface InputSeries {
  readonly store: SeriesStore;
  readonly labels: Labels;
  readonly samples: readonly (StoredSample | undefined)[];
}

const MAX_SAMPLES = 50_000_000;

export interface FederationOptions {
  readonly features: FeatureSet;
  /** Default step of subqueries, milliseconds. */
  readonly defaultStepMs: number;
}

/** @throws PromfedError `bad_data` for an invalid series. */
export function createUnitTestFederation(
  { inputSeries, regions, startMs, intervalMs }: UnitTestSettings,
  { features, defaultStepMs }: FederationOptions,
): UnitTestFederation {
  const results = new SeriesStore();
  const input = inputSeries.map((series) => parseSeries(series, results));
  const groups = regions.map(({ name, labels, inputSeries: own }) => {
    const store = new SeriesStore();
    appendAll(
      input,
      own.map((series) => parseSeries(series, store)),
    );
    return createMemoryGroup({ name, labels: Labels.of(labels), series: store, features, defaultStepMs });
  });
  const name = 'results';
  groups.push(createMemoryGroup({ name, labels: Labels.EMPTY, series: results, features, defaultStepMs }));
  const engine = createFederation({
    groups,
    clock: systemClock,
    maxSamples: MAX_SAMPLES,
    lookbackDeltaMs: undefined,
    defaultStepMs,
    delaysNames: features.has('promql-delayed-name-removal'),
    pushdown: true,
  });
  let next = 0;
  return {
    engine,
    results,
    advance(untilMs) {
      for (; startMs + next * intervalMs <= untilMs; next++) {
        for (const { store, labels, samples } of input) {
          const sample = samples[next];
          if (sample !== undefined) store.append(labels, startMs + next * intervalMs, sample);
        }
      }
    },
  };
}

function parseSeries({ series, values }: InputSeriesSettings, store: SeriesStore): InputSeries {
  const { labels } = splitSeries(series);
  const samples = expandSamples(values).map((sample) =>
    typeof sample === 'object' ? { ...sample.histogram, hint: sample.hint ?? sample.histogram.hint } : sample,
  );
  return { store, labels, samples };
}
