// The series that each rule of a group wrote, so that those that end get stale markers.

import type { Labels } from '../../model/index.js';
import type { Pacer } from '../../runtime/index.js';
import type { OutgoingSample } from '../ports.js';

type SeriesByKey = ReadonlyMap<string, Labels>;

const NO_SERIES: SeriesByKey = new Map();

/**
 * The series of the last successful evaluation of each rule. Mutable; owned by one group.
 *
 * Source: Prometheus, rules/group.go (`seriesInPreviousEval`, `staleSeries`).
 */
export class WrittenSeries {
  /** By position of the rule. */
  readonly #byRule: SeriesByKey[];
  /** Series of rules that no longer exist. Their stale markers are still to be written. */
  #orphans: Labels[] = [];

  constructor(ruleCount: number) {
    this.#byRule = Array.from({ length: ruleCount }, () => NO_SERIES);
  }

  /**
   * Records the samples of an evaluation. Returns stale markers for the series that they no longer include, except for those
   * that another rule writes.
   *
   * @param isKept reports whether a series that is not included has not ended.
   */
  async update(
    rule: number,
    samples: readonly OutgoingSample[],
    timeMs: number,
    { isKept, pacer }: { readonly isKept: (labels: Labels) => boolean; readonly pacer: Pacer },
  ): Promise<OutgoingSample[]> {
    const current = new Map<string, Labels>();
    for (const { labels } of samples) {
      if (pacer.due) await pacer.pause();
      current.set(labels.key, labels);
    }
    const ended: Labels[] = [];
    for (const [key, labels] of this.#byRule[rule]!) {
      if (pacer.due) await pacer.pause();
      if (current.has(key)) continue;
      if (isKept(labels)) current.set(key, labels);
      else ended.push(labels);
    }
    this.#byRule[rule] = current;
    return this.#staleMarkers(ended, timeMs);
  }

  has({ key }: Labels): boolean {
    return this.#byRule.some((byKey) => byKey.has(key));
  }

  /** Takes over the series of a rule of another group. */
  adopt(rule: number, previous: WrittenSeries, previousRule: number): void {
    this.#byRule[rule] = previous.#byRule[previousRule]!;
  }

  /** Takes over series of rules of another group that have no successor. */
  adoptOrphans(previous: WrittenSeries, previousRules: readonly number[]): void {
    this.#orphans = [
      ...previous.#orphans,
      ...previousRules.flatMap((i) => [...previous.#byRule[i]!.values()]),
    ];
  }

  /** Returns stale markers for the series of rules that no longer exist and that no other rule writes, once. */
  takeOrphans(timeMs: number): OutgoingSample[] {
    if (this.#orphans.length === 0) return [];
    const markers = this.#staleMarkers(this.#orphans, timeMs);
    this.#orphans = [];
    return markers;
  }

  /** Returns stale markers for all series. */
  end(timeMs: number): OutgoingSample[] {
    const series = this.#byRule.flatMap((byKey) => [...byKey.values()]);
    this.#byRule.fill(NO_SERIES);
    return [...this.#staleMarkers(series, timeMs), ...this.takeOrphans(timeMs)];
  }

  #staleMarkers(series: readonly Labels[], timeMs: number): OutgoingSample[] {
    return series
      .filter((labels) => !this.has(labels))
      .map((labels) => ({ labels, timeMs, value: NaN, isStale: true }));
  }
}
