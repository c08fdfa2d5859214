// Raw samples of all groups as one source, for what is evaluated here from them.

import { mergeRaw, pickEarlier } from '../../merge/index.js';
import {
  truncateWindow,
  PromfedError,
  seriesWeight,
  type RawSeries,
  type SampleSource,
  type SampleUse,
  type TimeWindow,
  type Matcher,
} from '../../model/index.js';
import { matchersForGroup, relevantGroups, selectionKey } from '../../promql/plan/index.js';
import type { SampleBudget } from '../../runtime/index.js';
import type { ServerGroup } from '../../upstreams/index.js';
import { allOrNothing, queryGroup, type FanOutContext } from '../fan-out.js';
import type { GroupSnapshot } from '../group-snapshot.js';
import { noteTrailer } from './open-fetch.js';

/**
 * The raw samples of every relevant group, cut to its time range where that truncates, the group's labels set. Equal series of different groups become one: at
 * each time the first group that has a sample wins. A selection that is under way already is not asked for again.
 *
 * An optional group that fails is a warning that names it. Errors as the groups' failures; `execution` when two
 * series of one group become one by the group's labels; `limit` when the budget does not allow for the samples, which
 * are taken from it while they arrive and given back when the selection resolves: its receiver takes them then.
 */
export function createSampleSource(
  groups: readonly GroupSnapshot[],
  context: FanOutContext,
  budget: SampleBudget,
): SampleSource {
  const underWay = new Map<string, Promise<readonly RawSeries[]>>();
  return {
    select(matchers, window, use) {
      const key = JSON.stringify([matchers.map(({ name, op, value }) => [name, op, value]), window, use]);
      const known = underWay.get(key);
      if (known !== undefined) return known;
      const started = selectFrom(groups, { matchers, window, use }, context, budget).finally(() => {
        underWay.delete(key);
      });
      underWay.set(key, started);
      return started;
    },
  };
}

interface Selection {
  readonly matchers: readonly Matcher[];
  readonly window: TimeWindow;
  readonly use: SampleUse;
}

async function selectFrom(
  groups: readonly GroupSnapshot[],
  { matchers, window, use }: Selection,
  context: FanOutContext,
  budget: SampleBudget,
): Promise<readonly RawSeries[]> {
  const relevant = relevantGroups(matchers, groups, window);
  const parts = await allOrNothing(relevant, context.deadline, async ({ group, bounds }) => {
    const part = bounds === undefined ? window : truncateWindow(window, bounds);
    const query = { matchers: matchersForGroup(matchers, group), window: part, budget };
    const watch = context.stats?.partOf(selectionKey(matchers), group.name);
    const answer = await queryGroup(group, context, (fetchContext) =>
      watch === undefined
        ? group.samples(query, fetchContext)
        : watch.asking(() => group.samples(query, { ...fetchContext, stats: watch })),
    );
    if (answer === undefined) return undefined;
    watch?.read(answer.series.length, samplesOf(answer.series), answer.trailer);
    noteTrailer(answer.trailer, context);
    if (answer.series.length > 0) {
      if (use === 'lookback' && !answer.hasStaleMarkers) context.annotations.notice(endsUnseen(group));
      if (use === 'starts') context.annotations.notice(startsUnseen(group));
    }
    return labelled(answer.series, group);
  });
  for (const part of parts) for (const series of part.values()) budget.release(seriesWeight(series));
  return mergeGroups(parts);
}

function samplesOf(series: readonly RawSeries[]): number {
  return series.reduce((total, { timestamps }) => total + timestamps.length, 0);
}

/** Without stale markers, what a selector sees of a series that has ended is its last sample for the whole lookback. */
function endsUnseen({ name }: ServerGroup): string {
  return (
    `server group "${name}": its raw samples do not say where a series has ended, so that this answer may still count ` +
    'it for as long as the lookback; with remote_read they do'
  );
}

/** No interface that a region is asked by hands out start timestamps. */
function startsUnseen({ name }: ServerGroup): string {
  return `server group "${name}": its raw samples do not say since when they count: start_timestamp() has nothing of them`;
}

/** The series of one group with its labels, by their keys. */
function labelled(series: readonly RawSeries[], group: ServerGroup): ReadonlyMap<string, RawSeries> {
  const byKey = new Map<string, RawSeries>();
  for (const one of series) {
    const labels = one.labels.with(group.labels);
    if (byKey.has(labels.key)) {
      throw new PromfedError(
        'execution',
        `two series become ${labels.toString()} when the labels ${group.labels.toString()} are set: ` +
          'the region sends labels of these names itself',
      );
    }
    byKey.set(labels.key, { ...one, labels });
  }
  return byKey;
}

function mergeGroups(parts: readonly ReadonlyMap<string, RawSeries>[]): readonly RawSeries[] {
  const merged = new Map<string, RawSeries>();
  for (const part of parts) {
    for (const [key, series] of part) {
      const known = merged.get(key);
      merged.set(key, known === undefined ? series : mergeRaw(known, series, pickEarlier));
    }
  }
  return [...merged.values()];
}
