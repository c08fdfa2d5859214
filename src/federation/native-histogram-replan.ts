// What a query meets when an answer has native histograms that are to be computed with: an error, and its remedy.

import { METRIC_NAME, PromfedError } from '../model/index.js';
import type { VectorSelector } from '../promql/language/index.js';
import { histogramSources, selectionKey, type Fetch, type FetchNode } from '../promql/plan/index.js';
import type { GroupSnapshot } from '../upstreams/index.js';

/**
 * Native histograms in the answer to a fetch, where they are not whole: `unsupported` for who asked. A query whose answer
 * has not begun can be planned again without that fetch (`remember`).
 */
export class NativeHistogramReplan extends PromfedError {
  readonly groups: readonly GroupSnapshot[];
  readonly fetchKey: string;

  /** @param groups those that the histograms can be of. */
  constructor(error: PromfedError, groups: readonly GroupSnapshot[], fetchKey: string) {
    const names = groups.map(({ name }) => JSON.stringify(name)).join(', ');
    const name = groups.length === 1 ? `server group ${names}: ` : `server groups ${names}: `;
    super('unsupported', error.message.startsWith(name) ? error.message : `${name}${error.message}`, {
      cause: error,
    });
    this.groups = groups;
    this.fetchKey = fetchKey;
  }
}

/**
 * What reading the answers to a fetch failed with; native histograms as `HistogramsMet`. Of what is read that is all
 * that is `unsupported`.
 */
export function asReplan(thrown: unknown, groups: readonly GroupSnapshot[], fetch: Fetch): unknown {
  if (!(thrown instanceof PromfedError) || thrown.code !== 'unsupported') return thrown;
  return thrown instanceof NativeHistogramReplan
    ? thrown
    : new NativeHistogramReplan(thrown, groups, fetch.key);
}

/**
 * Notes what a fetch met, so that its selectors are read raw from now on: those of this query by their keys in `met`,
 * and in the groups the name of the metric where it can be one only.
 *
 * @param fetches those of the plan, the one that met histograms among them.
 * @param all whether what is left of the query is read raw as well, as far as it could be histograms.
 * @returns whether anything is new; if not, another plan would be no better.
 */
export function learnFromReplan(
  { groups, fetchKey }: NativeHistogramReplan,
  fetches: readonly FetchNode[],
  met: Set<string>,
  all: boolean,
): boolean {
  const able = groups.filter(({ histograms, allowsLossyHistograms }) => histograms ?? allowsLossyHistograms);
  if (able.length === 0) return false;
  const before = met.size;
  for (const { fetch, source } of fetches) {
    const isIt = fetch.key === fetchKey;
    if (source === undefined || !(isIt || all)) continue;
    const selectors = histogramSources(source);
    for (const { matchers } of selectors) met.add(selectionKey(matchers));
    const names = new Set(selectors.map(nameOf));
    const [name] = names;
    if (isIt && names.size === 1 && name !== undefined)
      for (const { histograms } of able) histograms?.learn(name);
  }
  return met.size > before;
}

/** The name that every series of a selector has; undefined when that is not said. */
function nameOf({ matchers }: VectorSelector): string | undefined {
  return matchers.find(({ name, op }) => name === METRIC_NAME && op === '=')?.value;
}
