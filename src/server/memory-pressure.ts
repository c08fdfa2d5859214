// Collects garbage before the process outgrows its memory.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Share of the memory of the process from which on garbage is collected, and from which on it is urgent. */
const HIGH_SHARE = 0.7;
const URGENT_SHARE = 0.85;
/** Reading the memory in use takes about 15 µs. */
const CHECK_INTERVAL_MS = 100;
/** Growth since the latest collection, in bytes. With less, another one would free little. */
const MIN_GROWTH_BYTES = 32 << 20;
/** Time between two collections in durations of the latest one: they take at most a tenth of the time, or a third. */
const GAP = 10;
const URGENT_GAP = 2;
/** A collection that takes longer, of a large heap, is repeated rarely unless it is urgent. */
const LONG_MS = 250;
const LONG_GAP = 200;

/** The process, as the collection of garbage needs it. */
export interface CollectedProcess {
  /** Monotonic, milliseconds. */
  now(): number;
  /** Memory in use as the kernel counts it, in bytes. */
  residentBytes(): number;
  /** Memory of V8's heap and of buffers, garbage included, in bytes. */
  managedBytes(): number;
  /** Collects all garbage. Blocks for about 100 ms when the heap holds 200 MB. */
  collect(): void;
}

/**
 * Collects garbage when the process approaches its memory and has grown since the latest collection.
 *
 * V8 lets garbage grow up to the limit of its heap, whatever else the process holds. The allocator keeps the memory of
 * buffers that were freed: both together may be more than the memory of the process. The heap alone cannot be smaller,
 * because a query may hold nothing but objects.
 */
export class MemoryPressure {
  readonly #limitBytes: number;
  readonly #process: CollectedProcess;
  /** The least managed bytes since the latest collection. */
  #leastBytes = 0;
  /** End and duration of the latest collection. */
  #endMs = -Infinity;
  #durationMs = 0;
  #collections = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param limitBytes memory of the process. */
  constructor(limitBytes: number, collected: CollectedProcess = thisProcess()) {
    this.#limitBytes = limitBytes;
    this.#process = collected;
  }

  /** Number of collections since the start. */
  get collections(): number {
    return this.#collections;
  }

  /** Checks the memory from now on. Does not keep the process alive. */
  start(): void {
    this.#timer = setInterval(() => {
      this.check();
    }, CHECK_INTERVAL_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Collects garbage if it is time to. */
  check(): void {
    const collected = this.#process;
    const share = collected.residentBytes() / this.#limitBytes;
    if (share < HIGH_SHARE) return;
    const managedBytes = collected.managedBytes();
    // V8 frees some of the memory after the collection.
    this.#leastBytes = Math.min(this.#leastBytes, managedBytes);
    const startMs = collected.now();
    if (startMs < this.#endMs + this.#gapMs(share) || managedBytes < this.#leastBytes + MIN_GROWTH_BYTES)
      return;
    collected.collect();
    this.#collections++;
    this.#endMs = collected.now();
    this.#durationMs = this.#endMs - startMs;
    this.#leastBytes = collected.managedBytes();
  }

  #gapMs(share: number): number {
    const gap = share >= URGENT_SHARE ? URGENT_GAP : this.#durationMs > LONG_MS ? LONG_GAP : GAP;
    return gap * this.#durationMs;
  }
}

function thisProcess(): CollectedProcess {
  let collectGarbage: (() => void) | undefined;
  return {
    now: () => performance.now(),
    residentBytes: () => process.memoryUsage.rss(),
    managedBytes() {
      const { heapTotal, external } = process.memoryUsage();
      return heapTotal + external;
    },
    collect() {
      collectGarbage ??= exposedCollector();
      collectGarbage();
    },
  };
}

/** Returns V8's function `gc`, which only new contexts have once the flag is set. */
function exposedCollector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}
