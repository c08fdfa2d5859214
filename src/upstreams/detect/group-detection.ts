// Detection for a server group: which product each of its targets runs, in the background.

import { sameProduct, type Product } from '../../model/index.js';
import { RefreshLoop } from '../../runtime/index.js';
import type { Target } from '../http/target.js';
import { refreshContext } from '../learn/refresh-context.js';
import type { Background } from '../options.js';
import { detectProduct, StatusPages } from './detect-product.js';

/** A product is detected again after this time: a target may have been replaced between two queries. */
const INTERVAL_MS = 5 * 60_000;
/** Interval at which new targets, failed detections and targets that answer again are looked for. */
const TICK_MS = 10_000;

export interface GroupDetectionOptions extends Background {
  /** The server group's name. */
  readonly group: string;
  /** The current targets of the group. */
  readonly targets: () => Iterable<Target>;
  /** Called when the product of a target has changed. */
  readonly onChange: () => void;
}

/** The detection of one target. */
interface Attempts {
  /** Earliest time of the next attempt. */
  nextMs: number;
  /** Number of failures since the last success. */
  failures: number;
  /** `TargetTraits.recoveries` at the last attempt. */
  recoveries: number;
}

/**
 * Detects the product of every target at once, every five minutes, and within ten seconds after it answers again. A failed
 * detection keeps the previous product. It is repeated after ten seconds at first, and after up to five minutes later.
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
    const { targets, onChange } = this.#options;
    const due = [...targets()].filter((target) => this.#isDue(target));
    const changed = await Promise.all(due.map((target) => this.#detect(target, signal)));
    if (changed.includes(true) && !signal.aborted) onChange();
  }

  #isDue(target: Target): boolean {
    const attempts = this.#attempts.get(target);
    const isKnown = attempts?.recoveries === target.traits.recoveries;
    return !isKnown || this.#options.timers.now() >= attempts.nextMs;
  }

  /** @returns true when the product has changed. */
  async #detect(target: Target, signal: AbortSignal): Promise<boolean> {
    const { group, timers, log } = this.#options;
    const { traits } = target;
    const { recoveries } = traits;
    const known = traits.product;
    const failures = this.#attempts.get(target)?.failures ?? 0;
    try {
      const pages = new StatusPages(target, group, timers);
      traits.product = await detectProduct(pages, refreshContext(signal, timers));
      const nextMs = timers.now() + INTERVAL_MS;
      this.#attempts.set(target, { nextMs, failures: 0, recoveries: traits.recoveries });
    } catch {
      if (signal.aborted) return false;
      const delayMs = Math.min(INTERVAL_MS, TICK_MS * 2 ** failures);
      this.#attempts.set(target, { nextMs: timers.now() + delayMs, failures: failures + 1, recoveries });
    }
    const isChanged = !sameProduct(known, traits.product);
    if (isChanged) log.info(fields(group, target.name, traits.product), 'product of a target detected');
    return isChanged;
  }
}

function fields(group: string, target: string, { name, version }: Product): object {
  return { server_group: group, target, product: name, version };
}
