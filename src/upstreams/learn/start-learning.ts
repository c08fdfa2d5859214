// Background learning of a server group: label values, and names of native histograms.

import type { ServerGroupSettings } from '../../config/index.js';
import { injectMatchers } from '../../model/index.js';
import { uniteAnswers } from '../api/metadata-answer.js';
import { METADATA, STRINGS } from '../api/metadata-kinds.js';
import type { Background } from '../options.js';
import type { FetchContext, GroupSnapshot } from '../server-group.js';
import { LearnedHistogramNames } from './histogram-names.js';
import { LabelIndex } from './label-index.js';
import { withAccount, withRefreshContext } from './refresh-context.js';

/**
 * Starts to learn the values of the dynamic labels of a group. Returns undefined when it has none.
 *
 * @param background undefined to learn nothing.
 * @param snapshots returns the current snapshots of the group. Called at each refresh.
 */
export function tryStartLabelIndex(
  { name, labelFilter, injectMatchers: injected }: ServerGroupSettings,
  background: Background | undefined,
  snapshots: () => readonly GroupSnapshot[],
): LabelIndex | undefined {
  if (background === undefined || labelFilter === undefined) return undefined;
  if (labelFilter.dynamicLabels.length === 0) return undefined;
  const { timers, log } = background;
  const selectors = injected === undefined ? [] : [injectMatchers([], injected)];
  return new LabelIndex({
    group: name,
    labels: labelFilter.dynamicLabels,
    syncIntervalMs: labelFilter.syncIntervalMs,
    labelValues: (label, limit, signal) =>
      refresh(signal, background, async (context) => {
        // Without times, some servers answer for the last day only.
        const query = { selectors, startMs: 0, endMs: undefined, limit };
        const answers = await Promise.all(snapshots().map((one) => one.labelValues(label, query, context)));
        return uniteAnswers(STRINGS, answers, [], context);
      }),
    timers,
    log,
  });
}

/**
 * Starts to learn the names of native histograms. Returns undefined for a group without remote read, whose raw samples
 * lack native histograms too.
 *
 * @param background undefined to learn from answers only.
 * @param snapshots returns the current snapshots of the group. Called at each refresh.
 */
export function tryStartHistogramNames(
  { name, remoteRead, histogramRefreshMs }: ServerGroupSettings,
  background: Background | undefined,
  snapshots: () => readonly GroupSnapshot[],
): LearnedHistogramNames | undefined {
  if (remoteRead === 'never') return undefined;
  if (background === undefined || histogramRefreshMs === undefined) return new LearnedHistogramNames();
  const { timers, log } = background;
  return new LearnedHistogramNames({
    group: name,
    metadata: (signal) =>
      refresh(signal, background, async (context) => {
        const answers = await Promise.all(
          snapshots().map((one) => one.metadata(undefined, undefined, context)),
        );
        return uniteAnswers(METADATA, answers, [], context);
      }),
    intervalMs: histogramRefreshMs,
    timers,
    log,
  });
}

function refresh<T>(
  signal: AbortSignal,
  { timers, budget }: Background,
  run: (context: FetchContext) => Promise<T>,
): Promise<T> {
  return withRefreshContext(signal, timers, (context) => withAccount(context, budget, run));
}
