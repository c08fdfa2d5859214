// In-memory storage of the samples of a demo region.

import type { RawSeries } from '../model/index.js';
import type { Clock } from '../runtime/index.js';
import type { DemoSeries } from './metric.js';

/**
 * Samples of each series, one for each scrape interval, for the last `retentionMs`. Nothing runs in the background:
 * every access first adds the samples since the previous one, so any clock can be used.
 */
export class MemoryStore implements Iterable<RawSeries> {
  readonly #logs: readonly SeriesLog[];
  readonly #clock: Clock;

  constructor(series: readonly DemoSeries[], clock: Clock, intervalMs: number, retentionMs: number) {
    this.#clock = clock;
    this.#logs = series.map((one) => new SeriesLog(one, intervalMs, retentionMs));
  }

  /** Adds the samples since the last access, so that the next reader does not wait for them. */
  catchUp(): void {
    const nowMs = this.#clock.now();
    for (const log of this.#logs) log.read(nowMs);
  }

  /** Yields every series as of now. The yielded samples never change. */
  *[Symbol.iterator](): Iterator<RawSeries> {
    const nowMs = this.#clock.now();
    for (const log of this.#logs) yield log.read(nowMs);
  }
}

/** The samples of one series. Buffers are only appended to; a full one is replaced and stays with its readers. */
class SeriesLog {
  readonly #series: DemoSeries;
  readonly #intervalMs: number;
  /** Number of samples that are retained. */
  readonly #capacity: number;
  #timestamps: Float64Array;
  #values: Float64Array;
  #stale: Uint8Array;
  #size = 0;
  /** First scrape, in intervals since the epoch, that is not stored yet. */
  #nextTick = -Infinity;
  #wasDown = true;

  constructor(series: DemoSeries, intervalMs: number, retentionMs: number) {
    this.#series = series;
    this.#intervalMs = intervalMs;
    this.#capacity = Math.ceil(retentionMs / intervalMs);
    this.#timestamps = new Float64Array(2 * this.#capacity);
    this.#values = new Float64Array(2 * this.#capacity);
    this.#stale = new Uint8Array(2 * this.#capacity);
  }

  /** Returns the retained samples up to `nowMs`, inclusive. */
  read(nowMs: number): RawSeries {
    this.#advance(nowMs);
    const from = Math.max(0, this.#size - this.#capacity);
    return {
      labels: this.#series.labels,
      timestamps: this.#timestamps.subarray(from, this.#size),
      values: this.#values.subarray(from, this.#size),
      stale: this.#stale.subarray(from, this.#size),
    };
  }

  /** Adds the scrapes up to `nowMs`. The first failed scrape of an outage adds a stale marker. */
  #advance(nowMs: number): void {
    const { target, survivesOutage, valueAt } = this.#series;
    const lastTick = Math.floor((nowMs - target.phaseMs) / this.#intervalMs);
    const firstTick = Math.max(this.#nextTick, lastTick - this.#capacity + 1);
    for (let tick = firstTick; tick <= lastTick; tick++) {
      const timeMs = tick * this.#intervalMs + target.phaseMs;
      const isDown = !survivesOutage && target.isDown(timeMs);
      if (!isDown) this.#append(timeMs, valueAt(timeMs), false);
      else if (!this.#wasDown) this.#append(timeMs, 0, true);
      this.#wasDown = isDown;
    }
    this.#nextTick = Math.max(this.#nextTick, lastTick + 1);
  }

  #append(timeMs: number, value: number, stale: boolean): void {
    if (this.#size === this.#timestamps.length) this.#replaceBuffers();
    this.#timestamps[this.#size] = timeMs;
    this.#values[this.#size] = value;
    this.#stale[this.#size] = stale ? 1 : 0;
    this.#size++;
  }

  #replaceBuffers(): void {
    const [timestamps, values, stale] = [this.#timestamps, this.#values, this.#stale];
    const from = this.#size - this.#capacity;
    this.#timestamps = new Float64Array(timestamps.length);
    this.#values = new Float64Array(values.length);
    this.#stale = new Uint8Array(stale.length);
    this.#timestamps.set(timestamps.subarray(from));
    this.#values.set(values.subarray(from));
    this.#stale.set(stale.subarray(from));
    this.#size = this.#capacity;
  }
}
