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
 * Runs a function in each slot. Slots that pass while it runs, or while the process is suspended, are skipped and counted.
 * The slot is never after the clock, and never a whole interval before it. After a step back of more than an interval,
 * slots are repeated.
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
    this.#cancel = this.#schedule(this.#slotBeforeNow() + options.intervalMs);
  }

  /** Ends the schedule. Resolves when the running evaluation has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancel();
    await this.#running;
  }

  #schedule(slotMs: number): () => void {
    const { timers } = this.#options;
    return timers.schedule(Math.max(0, slotMs - timers.now()), () => {
      this.#onTimer(slotMs);
    });
  }

  /** Delays do not follow steps of the clock, so the slot is checked again. */
  #onTimer(slotMs: number): void {
    const { intervalMs } = this.#options;
    const latestMs = this.#slotBeforeNow();
    if (latestMs < slotMs) this.#cancel = this.#schedule(this.#slotAfter(slotMs - intervalMs));
    else this.#running = this.#run(latestMs, Math.round((latestMs - slotMs) / intervalMs));
  }

  async #run(slotMs: number, missed: number): Promise<void> {
    const { run, log, file, name } = this.#options;
    try {
      await run(slotMs, missed);
    } catch (thrown) {
      log.error({ file, group: name, err: String(thrown) }, 'rule group evaluation failed');
    }
    if (this.#isStopped) return;
    this.#cancel = this.#schedule(this.#slotAfter(slotMs));
  }

  /** Returns the slot after the last one, or after now when the clock has stepped back by more than an interval. */
  #slotAfter(lastMs: number): number {
    const { intervalMs } = this.#options;
    const latestMs = this.#slotBeforeNow();
    return (latestMs < lastMs - intervalMs ? latestMs : lastMs) + intervalMs;
  }

  #slotBeforeNow(): number {
    return slotBefore(this.#options.timers.now(), this.#options.intervalMs, this.#offsetMs);
  }
}
