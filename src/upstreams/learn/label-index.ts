// The learned routing index of one server group: which values some labels have there, asked for again and again.

import type { LabelIndexStatus, MetadataAnswer } from '../server-group.js';

/** Labels with more values are not kept: asking everybody costs less than holding and searching them. */
const MAX_VALUES = 20_000;

/** What was learned is used for so many intervals when it cannot be learned anew. */
const MAX_INTERVALS = 3;

/** A refresh begins after this share of the interval at the least, so that groups spread out over time. */
const EARLIEST = 0.8;

/** The first refresh begins within this time. */
const MAX_FIRST_DELAY_MS = 1000;

/** Time as the index needs it; tests hand in their own. */
export interface IndexTimers {
  now(): number;
  /** Runs something once, later; the result cancels it. Does not keep the process alive. */
  schedule(delayMs: number, run: () => void): () => void;
  /** From 0 to 1. */
  random(): number;
}

export interface LabelIndexOptions {
  /** The server group's name. */
  readonly group: string;
  readonly labels: readonly string[];
  /** More than 0. */
  readonly syncIntervalMs: number;
  /** All values of a label at any time, or the first `limit` of them. */
  readonly ask: (
    label: string,
    limit: number,
    signal: AbortSignal,
  ) => Promise<MetadataAnswer<readonly string[]>>;
  readonly timers: IndexTimers;
  /** Told when a label can no longer be routed by, and when it can again. */
  readonly tell: (details: object, message: string) => void;
}

export interface LabelIndex {
  /** The values of a label, at most a few intervals old; undefined when they are not known. */
  valuesOf(label: string): ReadonlySet<string> | undefined;
  /** In the order of the labels. */
  status(): readonly LabelIndexStatus[];
  /** Ends the refreshing, and what of it is under way. */
  stop(): void;
}

interface Entry {
  readonly label: string;
  /** As of `askedAtMs`; undefined before the first success, and when there are too many. */
  values: ReadonlySet<string> | undefined;
  askedAtMs: number;
  tooMany: boolean;
  failing: boolean;
}

/**
 * Starts to learn, in the background. Until a label was learned, when it has too many values, or when nothing was
 * learned for three intervals, nothing is known of it. An answer with a warning may lack values and counts as none.
 */
export function startLabelIndex(options: LabelIndexOptions): LabelIndex {
  const { group, labels, syncIntervalMs, ask, timers, tell } = options;
  const entries = labels.map((label): Entry => ({
    label,
    values: undefined,
    askedAtMs: NaN,
    tooMany: false,
    failing: false,
  }));
  const abort = new AbortController();
  const firstDelayMs = Math.min(MAX_FIRST_DELAY_MS, syncIntervalMs / 10) * timers.random();
  let cancel = timers.schedule(firstDelayMs, run);

  function run(): void {
    const delayMs = syncIntervalMs * (EARLIEST + (1 - EARLIEST) * timers.random());
    const startedMs = timers.now();
    refreshAll()
      .catch(() => undefined) // each label's failure was told
      .finally(() => {
        if (abort.signal.aborted) return;
        cancel = timers.schedule(Math.max(0, startedMs + delayMs - timers.now()), run);
      });
  }

  /** One label after the other: a refresh is in no hurry. */
  async function refreshAll(): Promise<void> {
    for (const entry of entries) {
      if (abort.signal.aborted) return;
      await refresh(entry);
    }
  }

  async function refresh(entry: Entry): Promise<void> {
    const askedAtMs = timers.now();
    const details = { server_group: group, label: entry.label };
    try {
      const { data, warnings } = await ask(entry.label, MAX_VALUES + 1, abort.signal);
      if (abort.signal.aborted) return;
      if (data.length > MAX_VALUES) {
        if (!entry.tooMany) {
          tell({ ...details, limit: MAX_VALUES }, 'a label has too many values to route queries by it');
        }
        Object.assign(entry, { values: undefined, askedAtMs, tooMany: true, failing: false });
        return;
      }
      if (warnings.length > 0) throw new Error(`the answer may lack values: ${warnings.join('; ')}`);
      Object.assign(entry, { values: new Set(data), askedAtMs, tooMany: false, failing: false });
    } catch (thrown) {
      if (abort.signal.aborted || entry.failing) return;
      entry.failing = true;
      tell(
        { ...details, reason: thrown instanceof Error ? thrown.message : String(thrown) },
        'the values of a label cannot be learned; those from before are used until they are too old',
      );
    }
  }

  function freshOf({ values, askedAtMs }: Entry): ReadonlySet<string> | undefined {
    return timers.now() - askedAtMs <= MAX_INTERVALS * syncIntervalMs ? values : undefined;
  }

  return {
    valuesOf(label) {
      const entry = entries.find((one) => one.label === label);
      return entry && freshOf(entry);
    },
    status: () =>
      entries.map((entry) => {
        const fresh = freshOf(entry);
        const ageMs = entry.values === undefined ? undefined : timers.now() - entry.askedAtMs;
        return { group, label: entry.label, isUsed: fresh !== undefined, values: entry.values?.size, ageMs };
      }),
    stop() {
      abort.abort();
      cancel();
    },
  };
}
