// What answers for a demo region: the evaluator over the region's own samples, where a federation would ask others.

import {
  createDeadline,
  type MetadataRequest,
  type QueryEngine,
  type QueryRequest,
  type ValueAnswer,
} from '../federation/index.js';
import {
  Annotations,
  compareStrings,
  compileMatchers,
  Labels,
  PromfedError,
  TRUNCATION_WARNING,
  type RawSeries,
} from '../model/index.js';
import { createMemorySource, evaluate } from '../promql/eval/index.js';
import { DEFAULT_LOOKBACK_MS, planLocally } from '../promql/plan/index.js';
import { SampleBudget, systemClock } from '../runtime/index.js';
import type { Metric } from './metric.js';

/** What a region answers from. */
export interface RegionData {
  /** Every series as of now. */
  readonly store: Iterable<RawSeries>;
  readonly metrics: readonly Metric[];
}

const DEFAULT_STEP_MS = 60_000;
const MAX_SAMPLES = 5_000_000;

export function createRegionEngine({ store, metrics }: RegionData): QueryEngine {
  const run = async ({
    expr,
    text,
    kind,
    grid,
    endMs,
    lookbackDeltaMs,
    timeoutMs,
    signal,
  }: QueryRequest): Promise<ValueAnswer> => {
    const annotations = new Annotations();
    const times = {
      startMs: grid.startMs,
      endMs,
      stepMs: kind === 'instant' ? 0 : grid.stepMs,
      defaultStepMs: DEFAULT_STEP_MS,
    };
    const deadline = createDeadline(signal, timeoutMs, systemClock);
    const value = await evaluate(planLocally(expr, times), {
      grid,
      fetched: () => Promise.reject(new PromfedError('internal', 'a region fetches nothing')),
      samples: createMemorySource(store),
      lookbackDeltaMs: lookbackDeltaMs ?? DEFAULT_LOOKBACK_MS,
      defaultStepMs: DEFAULT_STEP_MS,
      budget: new SampleBudget({ maxSamples: MAX_SAMPLES }),
      annotations,
      signal: deadline.required.signal,
      queryText: text,
    }).finally(() => {
      deadline.release();
    });
    return { kind: 'value', value, annotations, release: () => undefined };
  };
  return {
    query: run,
    evaluate: run,
    explain: () =>
      Promise.reject(new PromfedError('not_found', 'nothing to explain: this server asks no server groups')),

    metadata: {
      series: (request) => limited(selectLabels(store, request), request),
      labelNames: (request) =>
        limited(sorted(selectLabels(store, request).flatMap((labels) => labels.names())), request),
      labelValues(name, request) {
        const values = selectLabels(store, request).map((labels) => labels.get(name));
        return limited(sorted(values.filter((value) => value !== '')), request);
      },
      metrics(metric, { query: { limit } }) {
        const entries = metrics
          .filter(({ name }) => metric === undefined || name === metric)
          .map(({ name, type, help }) => [name, [{ type, help, unit: '' }]] as const);
        return Promise.resolve({ data: new Map(entries.slice(0, limit)), warnings: [] });
      },
    },
  };
}

/** The labels of the series that any of the selectors matches, of those with a sample in the window; sorted. */
function selectLabels(store: Iterable<RawSeries>, { query }: MetadataRequest): Labels[] {
  const { selectors, startMs = -Infinity, endMs = Infinity } = query;
  const tests = selectors.map((matchers) => compileMatchers(matchers));
  const selected: Labels[] = [];
  for (const { labels, timestamps } of store) {
    if (tests.length > 0 && !tests.some((test) => test(labels))) continue;
    if (timestamps.some((timeMs) => timeMs >= startMs && timeMs <= endMs)) selected.push(labels);
  }
  return selected.sort((a, b) => Labels.compare(a, b));
}

function sorted(texts: Iterable<string>): string[] {
  return [...new Set(texts)].sort(compareStrings);
}

function limited<T>(
  data: readonly T[],
  { query: { limit } }: MetadataRequest,
): Promise<{ readonly data: readonly T[]; readonly warnings: readonly string[] }> {
  const isCut = limit !== undefined && data.length > limit;
  return Promise.resolve({ data: data.slice(0, limit), warnings: isCut ? [TRUNCATION_WARNING] : [] });
}
