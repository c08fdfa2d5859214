// The clocks by which leases end. Clocks of different machines are never compared.

/** Times are milliseconds from an arbitrary start, and never decrease. */
export interface LeaseClock {
  /** Time after which a lease of another replica has ended: never ahead of the time that has passed. */
  observed(): number;
  /** Time at which the own lease ends: never behind the time that has passed. */
  held(): number;
}

/**
 * The monotonic clock of the machine. Some machines stop it while they are suspended, so the own lease also ends by the wall
 * clock, and steps of the wall clock can only shorten it.
 */
export class SystemLeaseClock implements LeaseClock {
  #monotonicMs = performance.now();
  #wallMs = Date.now();
  #heldMs = 0;

  observed(): number {
    return performance.now();
  }

  held(): number {
    const monotonicMs = performance.now();
    const wallMs = Date.now();
    this.#heldMs += Math.max(monotonicMs - this.#monotonicMs, wallMs - this.#wallMs, 0);
    this.#monotonicMs = monotonicMs;
    this.#wallMs = wallMs;
    return this.#heldMs;
  }
}
