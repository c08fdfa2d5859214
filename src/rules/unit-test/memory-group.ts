// A server group whose region is in memory.

import { annotationMembers, encodeValue, openResponse, SUCCESS } from '../../json/index.js';
import {
  Annotations,
  gridEndMs,
  PromfedError,
  type Grid,
  type Labels,
  type RawSeries,
  type StopSignal,
  type Value,
} from '../../model/index.js';
import { createMemorySource, evaluate } from '../../promql/eval/index.js';
import { parseExpr, type FeatureSet } from '../../promql/language/index.js';
import { DEFAULT_LOOKBACK_MS, planLocally } from '../../promql/plan/index.js';
import { SampleBudget } from '../../runtime/index.js';
import { createMemorySnapshot } from '../memory-snapshot.js';
import type { GroupSnapshot, HistogramNames, RegionQuery, ServerGroup } from '../../upstreams/index.js';

export interface MemoryGroupOptions {
  readonly name: string;
  /** Set on every series of the region. */
  readonly labels: Labels;
  /** Series without the labels of the group. */
  readonly series: Iterable<RawSeries>;
  readonly features: FeatureSet;
  /** Default step of subqueries, milliseconds. */
  readonly defaultStepMs: number;
}

const MAX_SAMPLES = 50_000_000;

/** Creates a group that answers queries and requests for raw samples. It has no metadata. */
export function createMemoryGroup(options: MemoryGroupOptions): ServerGroup {
  const { name, labels } = options;
  const source = createMemorySource(options.series);
  const snapshot: GroupSnapshot = {
    ...createMemorySnapshot({
      name,
      labels,
      select: (matchers, window, signal) => {
        const selection = { matchers, parts: [], overlapping: false };
        return source.select({ selection, extraMatchers: [], window, use: 'windows' }, signal);
      },
    }),
    histograms: histogramNames(options.series),
    query: async (query, { signal, lookbackDeltaMs }) => {
      const annotations = new Annotations();
      const evaluation = evaluateInRegion(query, { ...options, annotations, lookbackDeltaMs, signal });
      const { resultType, frames } = await openResponse(bodyOf(evaluation, query, annotations));
      return { resultType, frames };
    },
  };
  return { name, snapshots: () => [snapshot], labelIndex: () => [], close: () => Promise.resolve() };
}

/** Names of native histograms: those of the series that have one now, and those found in answers. */
function histogramNames(series: Iterable<RawSeries>): HistogramNames {
  const learned = new Set<string>();
  return {
    has: (name) => {
      if (learned.has(name)) return true;
      for (const { labels, histograms } of series) {
        if (histograms !== undefined && labels.metricName === name) return true;
      }
      return false;
    },
    learn: (name) => learned.add(name),
  };
}

interface RegionEvaluation extends MemoryGroupOptions {
  readonly annotations: Annotations;
  readonly lookbackDeltaMs: number | undefined;
  readonly signal: StopSignal;
}

function evaluateInRegion({ expr, grid, kind }: RegionQuery, region: RegionEvaluation): Promise<Value> {
  const { features, series, defaultStepMs, annotations, lookbackDeltaMs, signal } = region;
  const plan = planLocally(parseExpr(expr, { features }), {
    startMs: grid.startMs,
    endMs: gridEndMs(grid),
    stepMs: kind === 'instant' ? 0 : grid.stepMs,
    defaultStepMs,
  });
  return evaluate(plan, {
    grid,
    fetched: () => Promise.reject(new PromfedError('internal', 'a region has no groups to fetch from')),
    samples: createMemorySource(series),
    lookbackDeltaMs: lookbackDeltaMs ?? DEFAULT_LOOKBACK_MS,
    defaultStepMs,
    budget: new SampleBudget({ maxSamples: MAX_SAMPLES }),
    annotations,
    signal,
    queryText: expr,
  });
}

async function* bodyOf(
  evaluation: Promise<Value>,
  { kind, grid }: { readonly kind: 'instant' | 'range'; readonly grid: Grid },
  annotations: Annotations,
): AsyncGenerator<Uint8Array> {
  const value = await evaluation;
  // Blocks are used again.
  for (const block of encodeValue(value, { kind, grid, limit: undefined }, annotations, SUCCESS)) {
    yield Buffer.from(block);
  }
  yield Buffer.from(`}${annotationMembers(annotations)}}`);
}
