// The samples of a demo region: written as time passes, kept for a while.

import type { RawSeries } from '../model/index.js';
import type { Clock } from '../runtime/index.js';
import type { DemoSeries } from './metric.js';

/**
 * Samples of series, one each scrape interval, for the last `retentionMs`. Nothing runs in the background: what
 * happened since the last look is written at the next, so that time may be any clock's.
 */
export class MemoryStore implements Iterable<RawSeries> {
  readonly #logs: readonly SeriesLog[];
  readonly #clock: Clock;

  constructor(series: readonly DemoSeries[], clock: Clock, intervalMs: number, retentionMs: number) {
    this.#clock = clock;
    this.#logs = series.map((one) => new SeriesLog(one, intervalMs, retentionMs));
  }

  /** Writes what happened since the last look, so that the next reader need not wait for it. */
  catchUp(): void {
    const nowMs = this.#clock.now();
    for (const log of this.#logs) log.read(nowMs);
  }

  /** Every series as of now. What is handed out never changes, however long it is kept. */
  *[Symbol.iterator](): Iterator<RawSeries> {
    const nowMs = this.#clock.now();
    for (const log of this.#logs) yield log.read(nowMs);
  }
}

/** One series. Its buffers are only ever appended to; a full one is left to its readers and replaced. */
class SeriesLog {
  readonly #series: DemoSeries;
  readonly #intervalMs: number;
  /** How many samples are kept. */
  readonly #kept: number;
  #timestamps: Float64Array;
  #values: Float64Array;
  #stale: Uint8Array;
  #size = 0;
  #nextTick = -Infinity;
  #wasDown = true;

  constructor(series: DemoSeries, intervalMs: number, retentionMs: number) {
    this.#series = series;
    this.#intervalMs = intervalMs;
    this.#kept = Math.ceil(retentionMs / intervalMs);
    this.#timestamps = new Float64Array(2 * this.#kept);
    this.#values = new Float64Array(2 * this.#kept);
    this.#stale = new Uint8Array(2 * this.#kept);
  }

  read(nowMs: number): RawSeries {
    this.#advance(nowMs);
    const from = Math.max(0, this.#size - this.#kept);
    return {
      labels: this.#series.labels,
      timestamps: this.#timestamps.subarray(from, this.#size),
      values: this.#values.subarray(from, this.#size),
      stale: this.#stale.subarray(from, this.#size),
    };
  }

  #advance(nowMs: number): void {
    const { target, survivesOutage, valueAt } = this.#series;
    const lastTick = Math.floor((nowMs - target.phaseMs) / this.#intervalMs);
    const firstTick = Math.max(this.#nextTick, lastTick - this.#kept + 1);
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
    if (this.#size === this.#timestamps.length) this.#makeRoom();
    this.#timestamps[this.#size] = timeMs;
    this.#values[this.#size] = value;
    this.#stale[this.#size] = stale ? 1 : 0;
    this.#size++;
  }

  #makeRoom(): void {
    const [timestamps, values, stale] = [this.#timestamps, this.#values, this.#stale];
    const from = this.#size - this.#kept;
    this.#timestamps = new Float64Array(timestamps.length);
    this.#values = new Float64Array(values.length);
    this.#stale = new Uint8Array(stale.length);
    this.#timestamps.set(timestamps.subarray(from));
    this.#values.set(values.subarray(from));
    this.#stale.set(stale.subarray(from));
    this.#size = this.#kept;
  }
}
