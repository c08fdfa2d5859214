// The names of the metrics that are native histograms in one server group: met in answers, and asked for as metadata.

import type { IndexTimers } from './label-index.js';
import type { HistogramNames, MetadataAnswer, MetricMetadata } from '../server-group.js';

/** More names than this are not kept: of those met, the one that was met longest ago goes. */
const MAX_MET = 10_000;
/** Of the metadata, at most so many are. */
const MAX_ASKED = 200_000;

/** The next refresh begins after this share of the interval at the least, so that groups spread out over time. */
const EARLIEST = 0.8;

export interface HistogramNamesOptions {
  /** The server group's name. */
  readonly group: string;
  /** Asks for the metadata of all metrics. */
  readonly ask: (
    signal: AbortSignal,
  ) => Promise<MetadataAnswer<ReadonlyMap<string, readonly MetricMetadata[]>>>;
  /** How often, more than 0. */
  readonly intervalMs: number;
  readonly timers: IndexTimers;
  /** Told when the names cannot be learned. */
  readonly tell: (details: object, message: string) => void;
}

export interface LearnedHistogramNames extends HistogramNames {
  /** Ends the asking, and what of it is under way. */
  stop(): void;
}

/**
 * The names of a group. With options its metadata is asked for at once and then again and again, in the background: a
 * metric of type `histogram` is one of native histograms under that very name, for of classic ones only names with a
 * suffix have series. When that fails, what was learned before stays.
 *
 * A name that is known and is none costs time, never an answer: raw samples are right for floats too.
 *
 * Source: promxy, pkg/servergroup/config.go (`NativeHistogramConfig`).
 */
export function createHistogramNames(options?: HistogramNamesOptions): LearnedHistogramNames {
  const met = new Set<string>();
  const asked = options && startAsking(options);
  return {
    has: (name) => met.has(name) || asked?.has(name) === true,
    learn(name) {
      met.delete(name);
      met.add(name);
      if (met.size <= MAX_MET) return;
      const [oldest] = met;
      if (oldest !== undefined) met.delete(oldest);
    },
    stop: () => asked?.stop(),
  };
}

function startAsking({ group, ask, intervalMs, timers, tell }: HistogramNamesOptions): {
  has(name: string): boolean;
  stop(): void;
} {
  let names: ReadonlySet<string> = new Set();
  let failing = false;
  const abort = new AbortController();
  let cancel = timers.schedule(0, run);

  function run(): void {
    const startedMs = timers.now();
    const delayMs = intervalMs * (EARLIEST + (1 - EARLIEST) * timers.random());
    void refresh().finally(() => {
      if (abort.signal.aborted) return;
      cancel = timers.schedule(Math.max(0, startedMs + delayMs - timers.now()), run);
    });
  }

  async function refresh(): Promise<void> {
    try {
      const { data } = await ask(abort.signal);
      if (abort.signal.aborted) return;
      const found = new Set<string>();
      for (const [name, entries] of data) {
        if (found.size >= MAX_ASKED) break;
        if (entries.some(({ type }) => type === 'histogram')) found.add(name);
      }
      names = found;
      failing = false;
    } catch (thrown) {
      if (abort.signal.aborted || failing) return;
      failing = true;
      const reason = thrown instanceof Error ? thrown.message : String(thrown);
      tell(
        { server_group: group, reason },
        'the names of native histograms cannot be learned; those from before are used',
      );
    }
  }

  return {
    has: (name) => names.has(name),
    stop() {
      abort.abort();
      cancel();
    },
  };
}
