// The raw samples of all groups as one source for the evaluator.

import { mergeGroupSeries, seriesCollision } from '../../merge/index.js';
import {
  compileMatchers,
  seriesWeight,
  truncateSeries,
  truncateWindow,
  type Labels,
  type RawSeries,
  type TimeWindow,
} from '../../model/index.js';
import type { SampleRequest, SampleSource } from '../../promql/eval/index.js';
import { selectionKey, type Selection } from '../../promql/plan/index.js';
import { Pacer, type SampleBudget } from '../../runtime/index.js';
import { allOrNothing, queryGroup, Rejections, warnOrThrow, type FanOutContext } from '../fan-out.js';
import { snapshotOf } from '../group-snapshot.js';
import type { QueryRequests } from '../query-requests.js';
import type { QueryStats } from '../stats/query-stats.js';
import { noteTrailer } from './open-fetch.js';

/** The shared context of the selections of one attempt at a query. */
interface SampleContext extends FanOutContext {
  readonly requests: QueryRequests;
}

/**
 * Reads the raw samples of the groups that the plan names, cut to their time ranges where these truncate, with the
 * labels of the groups. Equal series of different groups are merged (`mergeGroupSeries`). A selection that is being read is
 * not requested again.
 *
 * The failure of an optional group is a warning. Other errors are those of the groups; `execution` when two series of a
 * group become equal by its labels; `limit` when the budget does not allow the samples. These are reserved while they
 * arrive and released when the selection resolves: the caller reserves them then.
 */
export class GroupSampleSource implements SampleSource {
  readonly #context: SampleContext;
  readonly #budget: SampleBudget;
  readonly #stats: QueryStats;
  readonly #pending = new Map<string, Promise<readonly RawSeries[]>>();

  constructor(context: SampleContext, budget: SampleBudget, stats: QueryStats) {
    this.#context = context;
    this.#budget = budget;
    this.#stats = stats;
  }

  select(request: SampleRequest): Promise<readonly RawSeries[]> {
    const key = requestKey(request);
    const known = this.#pending.get(key);
    if (known !== undefined) return known;
    const started = this.#read(request).finally(() => {
      this.#pending.delete(key);
    });
    this.#pending.set(key, started);
    return started;
  }

  async #read(request: SampleRequest): Promise<readonly RawSeries[]> {
    const { parts } = request.selection;
    const { deadline } = this.#context;
    const rejections = new Rejections();
    const window = readWindow(request);
    const groupsOf = (): string[] => parts.map(({ group }) => group.name);
    const read = await this.#context.requests.run(groupsOf, deadline.required.signal, () =>
      allOrNothing(parts, deadline, (part) => this.#readPart(part, { ...request, window }, rejections)),
    );
    rejections.throwUnless(read.length, deadline);
    const merged = await this.#merge(read);
    for (const series of merged) this.#budget.release(seriesWeight(series));
    if (window === request.window) return merged;
    return merged
      .map((series) => truncateSeries(series, request.window))
      .filter(({ timestamps }) => timestamps.length > 0);
  }

  /** Merges the equal series of several groups. Their samples are held twice while they are merged. */
  async #merge(parts: readonly Map<string, RawSeries>[]): Promise<readonly RawSeries[]> {
    const byKey = new Map<string, RawSeries>();
    const copied = new Map<string, RawSeries[]>();
    for (const part of parts) {
      for (const [key, series] of part) {
        const first = byKey.get(key);
        const copies = copied.get(key);
        if (first === undefined) byKey.set(key, series);
        else if (copies === undefined) copied.set(key, [first, series]);
        else copies.push(series);
      }
      part.clear();
    }
    const pacer = new Pacer(this.#context.deadline.required.signal);
    for (const [key, copies] of copied) {
      if (pacer.due) await pacer.pause();
      const held = copies.reduce((sum, copy) => sum + seriesWeight(copy), 0);
      this.#budget.reserve(held);
      const merged = mergeGroupSeries(copies);
      this.#budget.release(2 * held - seriesWeight(merged));
      byKey.set(key, merged);
      copied.delete(key);
    }
    return [...byKey.values()];
  }

  async #readPart(
    { group: planned, matchers, addLabels }: Selection['parts'][number],
    { selection, extraMatchers, window, use }: SampleRequest,
    rejections: Rejections,
  ): Promise<Map<string, RawSeries> | undefined> {
    const group = snapshotOf(planned);
    const { bounds } = group;
    const truncated = bounds === undefined ? window : truncateWindow(window, bounds);
    // A planned window may be longer than the one that is read, for example for timestamp() of a smoothed selector.
    if (truncated.afterMs >= truncated.untilMs) return undefined;
    const query = {
      matchers: [...matchers, ...extraMatchers.filter(({ name }) => !addLabels.has(name))],
      window: truncated,
      budget: this.#budget,
    };
    const stats = this.#stats.fetch(selectionKey(selection.matchers)).group(group.name);
    const answer = await queryGroup(
      group,
      this.#context,
      (fetchContext) => group.samples(query, fetchContext),
      { stats, rejections },
    );
    if (answer === undefined) return undefined;
    stats.receivedRaw(answer.series);
    stats.ended(answer.trailer);
    noteTrailer(answer.trailer, group, this.#context);
    if (answer.series.length > 0) {
      const { annotations } = this.#context;
      if (use === 'lookback' && !answer.hasStaleMarkers) annotations.notice(noStaleMarkers(group.name));
      if (use === 'starts') annotations.notice(noStartTimestamps(group.name));
    }
    try {
      return await this.#setLabels(answer.series, addLabels, compileMatchers(extraMatchers));
    } catch (thrown) {
      warnOrThrow(thrown, group, 'missing', this.#context);
      return undefined;
    }
  }

  /** Sets labels on the series of one group. Returns those that then satisfy `matches`, by their keys. */
  async #setLabels(
    series: readonly RawSeries[],
    addLabels: Labels,
    matches: (labels: Labels) => boolean,
  ): Promise<Map<string, RawSeries>> {
    const byKey = new Map<string, RawSeries>();
    const pacer = new Pacer(this.#context.deadline.required.signal);
    for (const one of series) {
      if (pacer.due) await pacer.pause();
      const labels = one.labels.with(addLabels);
      if (!matches(labels)) continue;
      if (byKey.has(labels.key)) throw seriesCollision(labels, addLabels);
      byKey.set(labels.key, { ...one, labels });
    }
    return byKey;
  }
}

/**
 * Time that is read before a window, in milliseconds. The samples in it show whether a series that ends in the window
 * continues in another group.
 */
const MARGIN_MS = 180_000;

/** Returns the window that is read: a longer one when stale markers of several groups have to be judged. */
function readWindow({ selection, window, use }: SampleRequest): TimeWindow {
  if (!selection.overlapping || use === 'windows') return window;
  return { afterMs: window.afterMs - MARGIN_MS, untilMs: window.untilMs };
}

function requestKey({ selection, extraMatchers, window, use }: SampleRequest): string {
  const groups = selection.parts.map(({ group }) => group.name);
  return JSON.stringify([selection.matchers, extraMatchers, groups, window, use]);
}

/** Without stale markers a selector reads the last sample of a series that has ended for the whole lookback. */
function noStaleMarkers(group: string): string {
  return (
    `server group "${group}": its raw samples have no stale markers, so a series that has ended is counted for the ` +
    'whole lookback; set remote_read to auto or true if the region serves remote read, which has them'
  );
}

/** Source: the APIs of Prometheus and VictoriaMetrics, which do not return start timestamps. */
function noStartTimestamps(group: string): string {
  return `server group "${group}": its raw samples have no start timestamps; start_timestamp() returns nothing for them`;
}
