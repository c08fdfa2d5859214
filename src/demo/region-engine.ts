// The query engine of a demo region: evaluates queries over the region's own samples.

import {
  Deadline,
  QueryStats,
  type Explanation,
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
import { createMemorySource, evaluate, type SampleSource } from '../promql/eval/index.js';
import { DEFAULT_LOOKBACK_MS, planLocally } from '../promql/plan/index.js';
import { SampleBudget, systemClock } from '../runtime/index.js';
import type { Metric } from './metric.js';

/** The data of a region. */
export interface RegionData {
  /** Every series as of now. */
  readonly store: Iterable<RawSeries>;
  readonly metrics: readonly Metric[];
}

const DEFAULT_STEP_MS = 60_000;
const MAX_SAMPLES = 5_000_000;

export class RegionEngine implements QueryEngine {
  readonly metadata: QueryEngine['metadata'];
  readonly #source: SampleSource;

  constructor({ store, metrics }: RegionData) {
    this.#source = createMemorySource(store);
    this.metadata = createRegionMetadata(store, metrics);
  }

  query(request: QueryRequest): Promise<ValueAnswer> {
    return this.evaluate(request);
  }

  async evaluate(request: QueryRequest): Promise<ValueAnswer> {
    const { text, kind, grid, endMs, lookbackDeltaMs, timeoutMs, signal } = request;
    const annotations = new Annotations();
    const stats = new QueryStats({ detail: request.stats, grid });
    const budget = new SampleBudget({ maxSamples: MAX_SAMPLES });
    const times = {
      startMs: grid.startMs,
      endMs,
      stepMs: kind === 'instant' ? 0 : grid.stepMs,
      defaultStepMs: DEFAULT_STEP_MS,
    };
    const planningSinceMs = stats.elapsedMs();
    const plan = planLocally(request.parse().expr, times);
    stats.planned(planningSinceMs);
    const deadline = new Deadline(signal, timeoutMs, systemClock);
    try {
      const value = await evaluate(plan, {
        grid,
        fetched: () => Promise.reject(new PromfedError('internal', 'a region has no groups to fetch from')),
        samples: this.#counted(stats),
        lookbackDeltaMs: lookbackDeltaMs ?? DEFAULT_LOOKBACK_MS,
        defaultStepMs: DEFAULT_STEP_MS,
        budget,
        annotations,
        signal: deadline.required.signal,
        queryText: text,
      });
      stats.evaluated(budget.peakSamples);
      return { kind: 'value', value, isDisjoint: true, annotations, stats, release: () => undefined };
    } finally {
      deadline.release();
    }
  }

  explain(): Promise<Explanation> {
    return Promise.reject(
      new PromfedError('not_found', 'nothing to explain: this server has no server groups'),
    );
  }

  #counted(stats: QueryStats): SampleSource {
    const recorder = stats.fetch('samples').group('region');
    return {
      select: async (request, signal) => {
        const series = await this.#source.select(request, signal);
        recorder.receivedRaw(series);
        return series;
      },
    };
  }
}

function createRegionMetadata(
  store: Iterable<RawSeries>,
  metrics: readonly Metric[],
): QueryEngine['metadata'] {
  return {
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
    rules: () => Promise.resolve({ data: [], warnings: [] }),
  };
}

/** The labels of the series that match any of the selectors and have a sample in the window, sorted. */
function selectLabels(store: Iterable<RawSeries>, { query, parseSelectors }: MetadataRequest): Labels[] {
  const { selectors } = parseSelectors();
  const { startMs = -Infinity, endMs = Infinity } = query;
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
