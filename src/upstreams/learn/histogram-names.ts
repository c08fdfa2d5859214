// The names of the native histograms of one server group: found in answers, and read from its metadata.

import { RefreshLoop, type Log, type Timers } from '../../runtime/index.js';
import type { HistogramNames, MetadataAnswer, MetricMetadata } from '../server-group.js';

/** Upper bound on the names found in answers. The most recently found ones are kept. */
const MAX_FOUND = 10_000;
/** Upper bound on the names read from metadata. Further ones are ignored. */
const MAX_LISTED = 200_000;

export interface HistogramNamesOptions {
  /** The server group's name. */
  readonly group: string;
  /** Requests the metadata of all metrics. */
  readonly metadata: (
    signal: AbortSignal,
  ) => Promise<MetadataAnswer<ReadonlyMap<string, readonly MetricMetadata[]>>>;
  /** Interval of the requests. More than 0. */
  readonly intervalMs: number;
  readonly timers: Timers;
  readonly log: Log;
}

/**
 * The names of a group. With options, the group's metadata is requested at once and then repeatedly. A metric of type
 * `histogram` is a native histogram under exactly that name, because the series of a classic one have suffixes. A
 * failed request keeps the previous names.
 *
 * A false positive only costs time: raw samples are correct for floats as well.
 *
 * Source: promxy, pkg/servergroup/config.go (`NativeHistogramConfig`).
 */
export class LearnedHistogramNames implements HistogramNames {
  readonly #found = new Set<string>();
  #listed: ReadonlySet<string> = new Set();
  #isFailing = false;
  readonly #loop: RefreshLoop | undefined;

  /** @param options undefined to learn from answers only. */
  constructor(options?: HistogramNamesOptions) {
    if (options === undefined) return;
    const { intervalMs, timers } = options;
    this.#loop = new RefreshLoop({
      intervalMs,
      timers,
      refresh: (signal) => this.#refresh(options, signal),
    });
  }

  has(name: string): boolean {
    return this.#found.has(name) || this.#listed.has(name);
  }

  learn(name: string): void {
    this.#found.delete(name);
    this.#found.add(name);
    if (this.#found.size <= MAX_FOUND) return;
    const [oldest] = this.#found;
    if (oldest !== undefined) this.#found.delete(oldest);
  }

  /** Ends the requests for metadata, the one that is running included. */
  stop(): void {
    this.#loop?.stop();
  }

  async #refresh({ group, metadata, log }: HistogramNamesOptions, signal: AbortSignal): Promise<void> {
    try {
      const { data } = await metadata(signal);
      if (signal.aborted) return;
      const listed = new Set<string>();
      for (const [name, entries] of data) {
        if (listed.size >= MAX_LISTED) break;
        if (entries.some(({ type }) => type === 'histogram')) listed.add(name);
      }
      this.#listed = listed;
      this.#isFailing = false;
    } catch (thrown) {
      if (signal.aborted || this.#isFailing) return;
      this.#isFailing = true;
      const reason = thrown instanceof Error ? thrown.message : String(thrown);
      log.warn(
        { server_group: group, reason },
        'names of native histograms not refreshed; using the previous ones',
      );
    }
  }
}
