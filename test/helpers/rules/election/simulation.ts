// Replicas with an election in simulated time, over a store that fails when the test wants it.

import { Elector } from '../../../../src/rules/election/elector.js';
import type { ElectionStore, StoredRecord } from '../../../../src/rules/election/election-store.js';
import { NO_LOG, type Timers } from '../../../../src/runtime/index.js';
import type { ManualTimers } from '../../runtime/manual-timers.js';

export const LEASE_MS = 3_000;

/** A store in memory. Each write has a version of its own. */
export class SharedRecord {
  #history: string[] = [];
  #writes = 0;

  get current(): StoredRecord {
    return { text: this.#history.at(-1), version: `${this.#writes}` };
  }

  replace(text: string, version: string): boolean {
    if (version !== this.current.version) return false;
    this.#history.push(text);
    this.#writes++;
    return true;
  }

  /** Loses the last writes, as a server does that is restored from a backup. */
  rollBack(writes: number): void {
    this.#history = this.#history.slice(0, Math.max(0, this.#history.length - writes));
    this.#writes++;
  }
}

export interface ReplicaOptions {
  /** Speed of its clocks. Default 1. */
  readonly rate?: number;
  readonly evaluatesWithoutStore?: boolean;
  /** Default: numbers that depend on the identity. */
  readonly random?: () => number;
}

/** One replica. Its timers and its requests wait while it is frozen. */
export class SimulatedReplica {
  readonly id: string;
  readonly elector: Elector;
  /** True while requests are not answered. */
  isPartitioned = false;
  /** True while the replies to requests are lost. */
  losesReplies = false;
  readonly #timers: ManualTimers;
  #isFrozen = false;
  #waiting: (() => void)[] = [];

  constructor(
    id: string,
    record: SharedRecord,
    timers: ManualTimers,
    { rate = 1, evaluatesWithoutStore = false, random = pseudoRandom(id) }: ReplicaOptions = {},
  ) {
    this.id = id;
    this.#timers = timers;
    const now = (): number => timers.now() * rate;
    const own: Timers = {
      now: () => timers.now(),
      random,
      schedule: (delayMs, run) =>
        timers.schedule(delayMs / rate, () => {
          this.#whenRunning(run);
        }),
    };
    this.elector = new Elector({
      id,
      store: this.#storeOver(record, own),
      evaluatesWithoutStore,
      clock: { observed: now, held: now },
      timers: own,
      metrics: { state: () => undefined, renewed: () => undefined, changed: () => undefined },
      log: NO_LOG,
    });
  }

  get isFrozen(): boolean {
    return this.#isFrozen;
  }

  start(groups: readonly string[], leaseMs = LEASE_MS): this {
    this.elector.update(groups, leaseMs);
    this.elector.start();
    return this;
  }

  freeze(): void {
    this.#isFrozen = true;
  }

  resume(): void {
    this.#isFrozen = false;
    for (const run of this.#waiting.splice(0)) run();
  }

  /** The groups that it may evaluate at this moment. */
  held(groups: readonly string[]): string[] {
    return groups.filter((key) => this.elector.leaseOf(key)?.isHeld === true);
  }

  #whenRunning(run: () => void): void {
    if (this.#isFrozen) this.#waiting.push(run);
    else run();
  }

  #storeOver(record: SharedRecord, timers: Timers): ElectionStore {
    const request = <T>(run: () => T, timeoutMs: number): Promise<T> =>
      new Promise((resolve, reject) => {
        const fail = (): void => {
          reject(new Error('no reply'));
        };
        // The way there and back takes some time, in which everything may change.
        this.#timers.schedule(2 + timers.random() * 20, () => {
          if (this.isPartitioned) {
            timers.schedule(timeoutMs, fail);
            return;
          }
          const result = run();
          const isLost = this.losesReplies;
          timers.schedule(isLost ? timeoutMs : timers.random() * 20, () => {
            if (isLost) fail();
            else resolve(result);
          });
        });
      });
    return {
      title: 'memory',
      read: (timeoutMs) => request(() => record.current, timeoutMs),
      write: (text, version, _summary, timeoutMs) => request(() => record.replace(text, version), timeoutMs),
      close: () => Promise.resolve(),
    };
  }
}

/** A linear congruential generator of numbers from 0 to 1. */
function pseudoRandom(text: string): () => number {
  let state = Array.from(text).reduce((sum, char) => sum * 31 + char.charCodeAt(0), 7) % 2 ** 31;
  return () => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31;
}

/** Returns the groups that several replicas may evaluate at this moment. */
export function sharedTwice(replicas: readonly SimulatedReplica[], groups: readonly string[]): string[] {
  return groups.filter(
    (key) => replicas.filter(({ elector }) => elector.leaseOf(key)?.isHeld === true).length > 1,
  );
}

/** Lets time pass in small steps. @param check called after each. */
export async function passChecked(timers: ManualTimers, ms: number, check: () => void): Promise<void> {
  for (let passed = 0; passed < ms; passed += 50) {
    await timers.pass(50);
    check();
  }
}
