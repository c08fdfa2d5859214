// The learned routing index of one server group: the values that some labels have there, refreshed in the background.

import { RefreshLoop, type Log, type Timers } from '../../runtime/index.js';
import type { LabelIndexStatus, MetadataAnswer } from '../server-group.js';
import type { LabelValues } from './group-filter.js';

/** Labels with more values are not kept: querying every group costs less than holding and searching them. */
const MAX_VALUES = 20_000;

/** Age, in intervals, up to which learned values are used while they cannot be refreshed. */
const MAX_INTERVALS = 3;

/** The first refresh begins within this time. */
const MAX_FIRST_DELAY_MS = 1000;

export interface LabelIndexOptions {
  /** The server group's name. */
  readonly group: string;
  /** Names of the labels to learn, without duplicates. */
  readonly labels: readonly string[];
  /** Interval of the refreshes. More than 0. */
  readonly syncIntervalMs: number;
  /** Requests all values of a label at any time, or the first `limit` of them. */
  readonly labelValues: (
    label: string,
    limit: number,
    signal: AbortSignal,
  ) => Promise<MetadataAnswer<readonly string[]>>;
  readonly timers: Timers;
  readonly log: Log;
}

interface Entry {
  readonly label: string;
  /** The values at `requestedAtMs`. Undefined before the first success, and when there are too many. */
  values: ReadonlySet<string> | undefined;
  requestedAtMs: number;
  hasTooMany: boolean;
  isFailing: boolean;
}

/**
 * Learns label values until it is stopped. The values of a label are unknown until its first refresh, when there are
 * too many, and when no refresh succeeded for three intervals. An answer with a warning may lack values and counts as
 * a failure.
 */
export class LabelIndex {
  readonly #options: LabelIndexOptions;
  readonly #entries: readonly Entry[];
  readonly #loop: RefreshLoop;

  constructor(options: LabelIndexOptions) {
    const { labels, syncIntervalMs, timers } = options;
    this.#options = options;
    this.#entries = labels.map((label) => ({
      label,
      values: undefined,
      requestedAtMs: NaN,
      hasTooMany: false,
      isFailing: false,
    }));
    this.#loop = new RefreshLoop({
      intervalMs: syncIntervalMs,
      firstDelayMs: Math.min(MAX_FIRST_DELAY_MS, syncIntervalMs / 10) * timers.random(),
      timers,
      refresh: (signal) => this.#refreshAll(signal),
    });
  }

  /** Returns the values of the labels that are known, at most three intervals old. The result does not change. */
  current(): LabelValues {
    const current = new Map<string, ReadonlySet<string>>();
    for (const entry of this.#entries) {
      const values = this.#freshValues(entry);
      if (values !== undefined) current.set(entry.label, values);
    }
    return current;
  }

  /** Returns the state of each label, in the order of the options. */
  status(): readonly LabelIndexStatus[] {
    const { group, timers } = this.#options;
    return this.#entries.map((entry) => ({
      group,
      label: entry.label,
      isUsed: this.#freshValues(entry) !== undefined,
      values: entry.values?.size,
      ageMs: entry.values === undefined ? undefined : timers.now() - entry.requestedAtMs,
    }));
  }

  /** Ends the refreshes, the one that is running included. */
  stop(): void {
    this.#loop.stop();
  }

  /** Refreshes one label after the other: a refresh is not urgent. */
  async #refreshAll(signal: AbortSignal): Promise<void> {
    for (const entry of this.#entries) {
      if (signal.aborted) return;
      await this.#refresh(entry, signal);
    }
  }

  async #refresh(entry: Entry, signal: AbortSignal): Promise<void> {
    const { group, labelValues, timers, log } = this.#options;
    const requestedAtMs = timers.now();
    const fields = { server_group: group, label: entry.label };
    try {
      const { data, warnings } = await labelValues(entry.label, MAX_VALUES + 1, signal);
      if (signal.aborted) return;
      if (data.length > MAX_VALUES) {
        if (!entry.hasTooMany) {
          log.warn({ ...fields, limit: MAX_VALUES }, 'label has too many values to route queries by it');
        }
        Object.assign(entry, { values: undefined, requestedAtMs, hasTooMany: true, isFailing: false });
        return;
      }
      if (warnings.length > 0) throw new Error(`the answer may lack values: ${warnings.join('; ')}`);
      Object.assign(entry, { values: new Set(data), requestedAtMs, hasTooMany: false, isFailing: false });
    } catch (thrown) {
      if (signal.aborted || entry.isFailing) return;
      entry.isFailing = true;
      log.warn(
        { ...fields, reason: thrown instanceof Error ? thrown.message : String(thrown) },
        'label values not refreshed; using the previous ones until they are too old',
      );
    }
  }

  #freshValues({ values, requestedAtMs }: Entry): ReadonlySet<string> | undefined {
    const { syncIntervalMs, timers } = this.#options;
    return timers.now() - requestedAtMs <= MAX_INTERVALS * syncIntervalMs ? values : undefined;
  }
}
