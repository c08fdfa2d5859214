// Native histogram replan: an answer has native histograms that are computed with, and JSON lacks parts of them.

import { METRIC_NAME, PromfedError } from '../../model/index.js';
import type { VectorSelector } from '../../promql/language/index.js';
import {
  fetchesOf,
  histogramSources,
  selectionKey,
  type Fetch,
  type PlanNode,
} from '../../promql/plan/index.js';
import type { GroupSnapshot } from '../../upstreams/index.js';

/**
 * The answer to a fetch has incomplete native histograms. A query whose answer has not begun is planned again without
 * the fetch (`learnFromReplan`); otherwise the client receives this as an `unsupported` error.
 */
export class NativeHistogramReplan extends PromfedError {
  readonly groups: readonly GroupSnapshot[];
  readonly fetchKey: string;

  /** @param groups the groups that may have sent the histograms. */
  constructor(error: PromfedError, groups: readonly GroupSnapshot[], fetchKey: string) {
    const names = groups.map(({ name }) => JSON.stringify(name)).join(', ');
    const prefix = groups.length === 1 ? `server group ${names}: ` : `server groups ${names}: `;
    super('unsupported', error.message.startsWith(prefix) ? error.message : `${prefix}${error.message}`, {
      cause: error,
    });
    this.groups = groups;
    this.fetchKey = fetchKey;
  }
}

/**
 * Converts a failure of reading the answers to a fetch: an `unsupported` error becomes a `NativeHistogramReplan`, because
 * incomplete native histograms are the only unsupported content of answers. Returns any other value unchanged.
 */
export function asReplan(thrown: unknown, groups: readonly GroupSnapshot[], fetch: Fetch): unknown {
  if (!(thrown instanceof PromfedError) || thrown.code !== 'unsupported') return thrown;
  return thrown instanceof NativeHistogramReplan
    ? thrown
    : new NativeHistogramReplan(thrown, groups, fetch.key);
}

/**
 * Records the selections of a fetch that returned native histograms, so that their raw samples are read from now on. The
 * groups learn the name of the metric when the fetch has only one.
 *
 * @param plan contains the fetch that returned histograms.
 * @param histogramSelections receives the keys of the selections.
 * @param all true to record every selection of the query that may have native histograms.
 * @returns false when nothing was learned, so that another plan would be the same.
 */
export function learnFromReplan(
  { groups, fetchKey }: NativeHistogramReplan,
  plan: PlanNode,
  histogramSelections: Set<string>,
  all: boolean,
): boolean {
  const usable = groups.filter(
    ({ histograms, allowsLossyHistograms }) => histograms !== undefined || allowsLossyHistograms === true,
  );
  if (usable.length === 0) return false;
  const before = histogramSelections.size;
  for (const { fetch, source } of fetchesOf(plan)) {
    const isCause = fetch.key === fetchKey;
    if (source === undefined || !(isCause || all)) continue;
    const selectors = histogramSources(source);
    for (const { matchers } of selectors) histogramSelections.add(selectionKey(matchers));
    const names = new Set(selectors.map(metricNameOf));
    const [name] = names;
    if (isCause && names.size === 1 && name !== undefined) {
      for (const { histograms } of usable) histograms?.learn(name);
    }
  }
  return histogramSelections.size > before;
}

/** The metric name that all series of a selector have; undefined when it is not fixed. */
function metricNameOf({ matchers }: VectorSelector): string | undefined {
  return matchers.find(({ name, op }) => name === METRIC_NAME && op === '=')?.value;
}
