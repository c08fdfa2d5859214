// The series of one scrape target of a demo region.

import { Labels } from '../model/index.js';
import type { DemoSeries, Target } from './metric.js';
import { chance, countedBetween, seedOf, type Wave } from './wave.js';

/** Collects the series of one target. Every target has a series `up`. */
export class TargetSeries {
  readonly series: DemoSeries[] = [];
  readonly #target: Target;
  readonly #common: Readonly<Record<string, string>>;
  readonly #intervalMs: number;
  readonly #bornAt: (timeS: number) => number;

  /**
   * @param common labels of all series.
   * @param intervalMs scrape interval.
   * @param bornAt returns the start of the process that runs at a time. Both are seconds since the epoch.
   */
  constructor(
    target: Target,
    common: Readonly<Record<string, string>>,
    intervalMs: number,
    bornAt: (timeS: number) => number,
  ) {
    this.#target = target;
    this.#common = common;
    this.#intervalMs = intervalMs;
    this.#bornAt = bornAt;
    this.gauge('up', {}, (timeMs) => (target.isDown(timeMs) ? 0 : 1), true);
  }

  /** Adds a gauge. @param valueAt returns the value at a time in milliseconds since the epoch. */
  gauge(
    name: string,
    labels: Readonly<Record<string, string>>,
    valueAt: (timeMs: number) => number,
    survivesOutage = false,
  ): void {
    this.series.push({
      labels: Labels.from({ ...this.#common, ...labels, __name__: name }),
      target: this.#target,
      survivesOutage,
      valueAt,
    });
  }

  /**
   * Adds a counter: the weighted sum of the waves' counts since the start of the process.
   *
   * @param isInteger true for integer values.
   * @param jitterOf key of the jitter. Counters with equal keys have the same jitter, which keeps the buckets of a
   *   histogram cumulative.
   */
  counter(
    name: string,
    labels: Readonly<Record<string, string>>,
    waves: readonly (readonly [Wave, weight: number])[],
    isInteger: boolean,
    jitterOf: unknown = [name, labels],
  ): void {
    const seed = seedOf(JSON.stringify([this.#common, jitterOf]));
    this.gauge(name, labels, (timeMs) => {
      const timeS = timeMs / 1000;
      const bornS = this.#bornAt(timeS);
      const counted = waves.reduce(
        (sum, [wave, weight]) => sum + weight * countedBetween(wave, bornS, timeS),
        0,
      );
      // The jitter is below the minimum count between two scrapes, so that the counter never decreases.
      const minRate = waves.reduce((sum, [{ mean }, weight]) => sum + weight * mean * 0.3, 0);
      const jitter =
        chance(seed, Math.floor(timeMs / this.#intervalMs)) * minRate * (this.#intervalMs / 1000);
      return isInteger ? Math.floor(counted + jitter) : counted + jitter;
    });
  }
}
