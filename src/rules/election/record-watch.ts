// Changes of the record as one replica observes them, by its own clock.

import type { ElectionRecord } from './record.js';

interface ObservedBeat {
  readonly beat: number;
  /** Time at which the beat was read first. */
  readonly sinceMs: number;
}

/** Times are those of `LeaseClock.observed`. */
export class RecordWatch {
  readonly #beats = new Map<string, ObservedBeat>();
  #lineage: string | undefined;
  #revision = -1;
  #sinceMs = Infinity;
  #longestLeaseMs = 0;

  /**
   * Registers a record that was read, or written by this replica.
   *
   * @returns true when it is not a successor of the last one: the store has lost data, or it is the first record.
   */
  observe({ lineage, revision, members }: ElectionRecord, nowMs: number): boolean {
    const isReset = lineage !== this.#lineage || revision < this.#revision;
    if (isReset) {
      this.#sinceMs = nowMs;
      // Later beats may be lost.
      this.#beats.clear();
    }
    this.#lineage = lineage;
    this.#revision = revision;
    for (const id of this.#beats.keys()) if (members[id] === undefined) this.#beats.delete(id);
    for (const [id, { beat, leaseMs }] of Object.entries(members)) {
      this.#longestLeaseMs = Math.max(this.#longestLeaseMs, leaseMs);
      if (this.#beats.get(id)?.beat !== beat) this.#beats.set(id, { beat, sinceMs: nowMs });
    }
    return isReset;
  }

  /** Returns the time until every lease has ended that the record may have lost; 0 or less when there is none. */
  untilCompleteMs(nowMs: number, ownLeaseMs: number): number {
    return this.#sinceMs + Math.max(ownLeaseMs, this.#longestLeaseMs) - nowMs;
  }

  /** Returns the time at which a member ends unless it renews its leases. */
  endOf(id: string, { members }: ElectionRecord): number {
    const member = members[id];
    const observed = this.#beats.get(id);
    return member === undefined || observed === undefined ? -Infinity : observed.sinceMs + member.leaseMs;
  }
}
