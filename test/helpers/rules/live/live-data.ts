// Data that changes in real time: the same samples in a server for the union and in a region each.

import { setTimeout as sleep } from 'node:timers/promises';

import { postSeries } from '../../real-servers/remote-write.js';
import type { TestSeries } from '../../series/series-set.js';
import type { ScenarioSample, ScenarioSeries } from '../promtool/scenario.js';

/** A region and where its samples go. */
export interface LiveRegion {
  readonly name: string;
  /** Base URL for remote write. */
  readonly url: string;
  /** Requested after each write, for servers that show new series later. */
  readonly flushPath?: string | undefined;
  /** Samples are repeated from the start when they end. */
  readonly series: readonly ScenarioSeries[];
}

export interface LiveDataOptions {
  readonly unionUrl: string;
  readonly regions: readonly LiveRegion[];
  readonly intervalMs: number;
}

/** A metric of every server with the time of the sample as its value: a new series each time, which is visible last. */
const TICK = 'live_tick';

/** Writes one sample of each series in each interval. */
export class LiveData {
  /** Longest time for which a server did not show the newest sample. */
  maxLagMs = 0;
  readonly #options: LiveDataOptions;
  #isStopped = false;
  readonly #running: Promise<void>;

  constructor(options: LiveDataOptions) {
    this.#options = options;
    const servers = [options.unionUrl, ...options.regions.map(({ url }) => url)];
    const startMs = Math.ceil(Date.now() / options.intervalMs) * options.intervalMs;
    this.#running = Promise.all([
      this.#write(startMs),
      ...servers.map((url) => this.#watch(url, startMs)),
    ]).then(() => undefined);
    // Reported by `stop`.
    this.#running.catch(() => undefined);
  }

  /** @throws Error when a server has rejected samples. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  async #write(startMs: number): Promise<void> {
    const { regions, unionUrl, intervalMs } = this.#options;
    for (let count = 0; !this.#isStopped; count++) {
      const timeMs = startMs + count * intervalMs;
      await sleep(Math.max(0, timeMs - Date.now()));
      const byRegion = regions.map(({ series }) => series.flatMap((one) => sampleOf(one, count, timeMs)));
      const union = byRegion.flatMap((series, i) =>
        series.map((one) => ({ ...one, labels: { ...one.labels, region: regions[i]!.name } })),
      );
      const written = byRegion.map((series, i) => ({ ...regions[i]!, series }));
      const labels = { __name__: TICK, count: String(count) };
      const tick: TestSeries = { labels, timestamps: [timeMs], values: [timeMs] };
      await Promise.all(
        [...written, { url: unionUrl, series: union, flushPath: undefined }].map(
          async ({ url, series, flushPath }) => {
            await postSeries(url, [...series, tick]);
            if (flushPath !== undefined) await (await fetch(url + flushPath)).arrayBuffer();
          },
        ),
      );
    }
  }

  async #watch(url: string, startMs: number): Promise<void> {
    const { intervalMs } = this.#options;
    while (!this.#isStopped) {
      const nowMs = Date.now();
      const response = await fetch(`${url}/api/v1/query?query=max(${TICK})&nocache=1&time=${nowMs / 1000}`);
      const { data } = (await response.json()) as { data: { result: { value: [number, string] }[] } };
      const newestMs = Number(data.result[0]?.value[1] ?? startMs);
      this.maxLagMs = Math.max(this.maxLagMs, nowMs - newestMs);
      await sleep(intervalMs / 5);
    }
  }
}

function sampleOf({ labels, samples }: ScenarioSeries, tick: number, timeMs: number): TestSeries[] {
  const sample = storable(samples[tick % samples.length]);
  return sample === undefined ? [] : [{ labels, timestamps: [timeMs], values: [sample] }];
}

/** VictoriaMetrics does not store NaN. */
function storable(sample: ScenarioSample): ScenarioSample {
  if (typeof sample !== 'number' || Number.isFinite(sample)) return sample;
  return Number.isNaN(sample) ? undefined : Math.sign(sample) * 1e9;
}
