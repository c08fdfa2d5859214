// Detection for a server group in the background: the properties of all its targets.

import { RefreshLoop, type Timers } from '../../runtime/index.js';
import type { Target } from '../http/target.js';
import { withRefreshContext } from '../learn/refresh-context.js';
import type { TargetDetector } from './target-detector.js';

/** Properties are detected again after this time: a target may have been replaced between two queries. */
const INTERVAL_MS = 5 * 60_000;
/** Interval at which new targets, failed detections and targets that answer again are looked for. */
const TICK_MS = 10_000;

export interface GroupDetectionOptions {
  readonly timers: Timers;
  /** The current targets of the group. */
  readonly targets: () => Iterable<Target>;
  readonly detector: TargetDetector;
}

/** The detection of one target. */
interface Attempts {
  /** Earliest time of the next attempt. */
  nextMs: number;
  /** Number of failures since the last success. */
  failures: number;
  /** `TargetTraits.changes` at the last attempt. */
  changes: number;
}

/**
 * Detects the properties of every target at once, every five minutes, and within ten seconds after it answers again. A
 * failed detection keeps the previous ones. It is repeated after ten seconds at first, and after up to five minutes later.
 */
export class GroupDetection {
  readonly #options: GroupDetectionOptions;
  readonly #attempts = new WeakMap<Target, Attempts>();
  readonly #loop: RefreshLoop;

  constructor(options: GroupDetectionOptions) {
    this.#options = options;
    const { timers } = options;
    this.#loop = new RefreshLoop({
      intervalMs: TICK_MS,
      timers,
      refresh: (signal) => this.#detectDue(signal),
    });
  }

  stop(): void {
    this.#loop.stop();
  }

  async #detectDue(signal: AbortSignal): Promise<void> {
    const due = [...this.#options.targets()].filter((target) => this.#isDue(target));
    await Promise.all(due.map((target) => this.#detect(target, signal)));
  }

  #isDue(target: Target): boolean {
    const attempts = this.#attempts.get(target);
    const isKnown = attempts?.changes === target.traits.changes;
    return !isKnown || this.#options.timers.now() >= attempts.nextMs;
  }

  async #detect(target: Target, signal: AbortSignal): Promise<void> {
    const { timers, detector } = this.#options;
    const { changes } = target.traits;
    const failures = this.#attempts.get(target)?.failures ?? 0;
    try {
      await withRefreshContext(signal, timers, (context) => detector.detect(target, context));
      const nextMs = timers.now() + INTERVAL_MS;
      this.#attempts.set(target, { nextMs, failures: 0, changes: target.traits.changes });
    } catch {
      const delayMs = Math.min(INTERVAL_MS, TICK_MS * 2 ** failures);
      this.#attempts.set(target, { nextMs: timers.now() + delayMs, failures: failures + 1, changes });
    }
  }
}
