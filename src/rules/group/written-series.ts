// The series that each rule of a group wrote, so that those that end get stale markers.

import type { Labels } from '../../model/index.js';
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

  /** Records the samples of an evaluation. Returns stale markers for the series that they no longer include. */
  update(rule: number, samples: readonly OutgoingSample[], timeMs: number): OutgoingSample[] {
    const current = new Map(samples.map(({ labels }) => [labels.key, labels]));
    const ended = [...this.#byRule[rule]!].filter(([key]) => !current.has(key)).map(([, labels]) => labels);
    this.#byRule[rule] = current;
    return staleMarkers(ended, timeMs);
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

  /** Returns stale markers for the series of rules that no longer exist, once. */
  takeOrphans(timeMs: number): OutgoingSample[] {
    if (this.#orphans.length === 0) return [];
    const markers = staleMarkers(this.#orphans, timeMs);
    this.#orphans = [];
    return markers;
  }

  /** Returns stale markers for all series. */
  end(timeMs: number): OutgoingSample[] {
    const series = this.#byRule.flatMap((byKey) => [...byKey.values()]);
    this.#byRule.fill(NO_SERIES);
    return [...staleMarkers(series, timeMs), ...this.takeOrphans(timeMs)];
  }
}

function staleMarkers(series: readonly Labels[], timeMs: number): OutgoingSample[] {
  return series.map((labels) => ({ labels, timeMs, value: NaN, isStale: true }));
}
