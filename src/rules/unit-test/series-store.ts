// Samples in memory: the input of a unit test, and the results of its rules.

import type { Labels, RawSeries } from '../../model/index.js';
import { withStoredHints, type StoredSample } from './histogram-notation.js';

/** Series that grow. A reader of a series keeps the samples that it has read. */
export class SeriesStore implements Iterable<RawSeries> {
  readonly #logs = new Map<string, SeriesLog>();

  /** Adds a sample after all samples of its series. A sample that is not later than the last one is ignored. */
  append(labels: Labels, timeMs: number, sample: StoredSample): void {
    let log = this.#logs.get(labels.key);
    if (log === undefined) this.#logs.set(labels.key, (log = new SeriesLog(labels)));
    log.append(timeMs, sample);
  }

  /** Removes the samples before a time, and the series that have no later ones. */
  forgetBefore(timeMs: number): void {
    for (const [key, log] of this.#logs) if (!log.forgetBefore(timeMs)) this.#logs.delete(key);
  }

  *[Symbol.iterator](): Iterator<RawSeries> {
    for (const log of this.#logs.values()) yield log.series();
  }
}

/** The samples of one series. */
class SeriesLog {
  readonly #labels: Labels;
  readonly #timestamps: number[] = [];
  readonly #samples: StoredSample[] = [];
  /** Created at the first read after a change. */
  #series: RawSeries | undefined;

  constructor(labels: Labels) {
    this.#labels = labels;
  }

  append(timeMs: number, sample: StoredSample): void {
    if (timeMs <= (this.#timestamps.at(-1) ?? -Infinity)) return;
    this.#timestamps.push(timeMs);
    this.#samples.push(sample);
    this.#series = undefined;
  }

  /** Returns false when no samples are left. */
  forgetBefore(timeMs: number): boolean {
    const index = this.#timestamps.findIndex((one) => one >= timeMs);
    const count = index < 0 ? this.#timestamps.length : index;
    if (count > 0) {
      this.#timestamps.splice(0, count);
      this.#samples.splice(0, count);
      this.#series = undefined;
    }
    return this.#timestamps.length > 0;
  }

  series(): RawSeries {
    return (this.#series ??= this.#create());
  }

  #create(): RawSeries {
    const samples = this.#samples;
    const hasHistograms = samples.some((sample) => typeof sample === 'object');
    return {
      labels: this.#labels,
      timestamps: Float64Array.from(this.#timestamps),
      values: Float64Array.from(samples, (sample) => (typeof sample === 'number' ? sample : NaN)),
      stale: Uint8Array.from(samples, (sample) => (sample === 'stale' ? 1 : 0)),
      ...(hasHistograms && {
        histograms: withStoredHints(samples).map((sample) =>
          typeof sample === 'object' ? sample : undefined,
        ),
      }),
    };
  }
}
