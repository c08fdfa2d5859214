// The schedule of a rule group: one evaluation in each slot, never two at once.

import type { Log, Timers } from '../../runtime/index.js';
import { slotBefore, slotOffsetMs } from './slots.js';

export interface GroupScheduleOptions {
  readonly file: string;
  readonly name: string;
  readonly intervalMs: number;
  readonly timers: Timers;
  readonly log: Log;
  /** Evaluates the group. A rejection is logged. @param missed number of slots that were skipped. */
  readonly run: (timeMs: number, missed: number) => Promise<void>;
}

/**
 * Runs a function in each slot. When it takes longer than the interval, the slots in between are skipped and counted.
 * When the clock steps back, the schedule starts anew.
 */
export class GroupSchedule {
  readonly #options: GroupScheduleOptions;
  readonly #offsetMs: number;
  #isStopped = false;
  #cancel: () => void;
  #running: Promise<void> = Promise.resolve();

  /** Starts with the slot after now. */
  constructor(options: GroupScheduleOptions) {
    this.#options = options;
    this.#offsetMs = slotOffsetMs(options.file, options.name, options.intervalMs);
    this.#cancel = this.#schedule(this.#slotBeforeNow() + options.intervalMs, 0);
  }

  /** Ends the schedule. Resolves when the running evaluation has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancel();
    await this.#running;
  }

  #schedule(slotMs: number, missed: number): () => void {
    const { timers } = this.#options;
    return timers.schedule(Math.max(0, slotMs - timers.now()), () => {
      this.#running = this.#run(slotMs, missed);
    });
  }

  async #run(slotMs: number, missed: number): Promise<void> {
    const { run, log, file, name, intervalMs } = this.#options;
    try {
      await run(slotMs, missed);
    } catch (thrown) {
      log.error({ file, group: name, err: String(thrown) }, 'rule group evaluation failed');
    }
    if (this.#isStopped) return;
    const latestMs = this.#slotBeforeNow();
    const steppedBack = latestMs < slotMs - intervalMs;
    const skipped = steppedBack ? 0 : Math.max(0, Math.round((latestMs - slotMs) / intervalMs) - 1);
    const nextMs = steppedBack ? latestMs + intervalMs : slotMs + (skipped + 1) * intervalMs;
    this.#cancel = this.#schedule(nextMs, skipped);
  }

  #slotBeforeNow(): number {
    return slotBefore(this.#options.timers.now(), this.#options.intervalMs, this.#offsetMs);
  }
}
