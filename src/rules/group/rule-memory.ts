// The memory of the state of rules, charged to the budget of the process.

import { labelsBytes, PromfedError, type Labels } from '../../model/index.js';
import { UNCOUNTED_MEMORY, type MemoryAccount, type Pacer } from '../../runtime/index.js';

/** Memory of the state of a series in bytes, besides its labels. Measured on Node.js 20 with alerts. */
const SERIES_BYTES = 800;

/** Number of times that a rule holds the labels of a series: those of the result, its own ones, and the key of these. */
const LABEL_COPIES = 3;

/** The series that the rules of one group hold. */
export class RuleMemory {
  readonly #account: MemoryAccount;
  /** Reserved bytes, by position of the rule. */
  readonly #bytes: number[] = [];

  /** @param account of the rules of all groups. Default: bytes are not counted. */
  constructor(account: MemoryAccount = UNCOUNTED_MEMORY) {
    this.#account = account;
  }

  /**
   * Reserves the memory of all series that a rule is about to hold, in place of those that it holds.
   *
   * @throws PromfedError `limit` when it is not available. The previous reservation stays then.
   */
  async hold(rule: number, series: Iterable<Labels>, pacer: Pacer): Promise<void> {
    let [count, bytes] = [0, 0];
    for (const labels of series) {
      if (pacer.due) await pacer.pause();
      bytes += SERIES_BYTES + LABEL_COPIES * labelsBytes(labels);
      count++;
    }
    const change = bytes - (this.#bytes[rule] ?? 0);
    if (change <= 0) {
      this.#account.release('series', -change);
    } else {
      try {
        this.#account.reserve('series', change);
      } catch (cause) {
        const text = `no memory for the ${count} series of the rule; aggregate its expression or raise --memory`;
        throw new PromfedError('limit', text, { cause });
      }
    }
    this.#bytes[rule] = bytes;
  }

  /** Returns everything. */
  release(): void {
    for (const bytes of this.#bytes.splice(0)) this.#account.release('series', bytes);
  }
}
