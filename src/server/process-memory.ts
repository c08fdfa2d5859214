// The memory budget of one process, from the machine's memory and the flags.

import { getHeapStatistics } from 'node:v8';

import type { MemoryFlag } from '../config/index.js';
import type { MemoryLimits } from '../runtime/index.js';

export interface ProcessMemory extends MemoryLimits {
  /** The process's share of `--memory`. */
  readonly limitBytes: number;
}

export interface ProcessMemoryOptions {
  /** The smallest of physical memory and the control groups' limits. */
  readonly machineBytes: number;
  /** `--memory`. */
  readonly memory: MemoryFlag;
  /** `--query.max-memory`; a share is one of the process's budget. */
  readonly maxQueryMemory: MemoryFlag;
  /** Number of processes that share the memory. */
  readonly workers: number;
}

/** Memory of an idle process: the runtime, its code, and garbage between two collections. */
const BASE_BYTES = 160 << 20;
/** Share of the rest that queries may hold. The other half is for garbage that is not collected yet. */
const BUDGET_SHARE = 0.5;
/** A smaller budget would reject every query. */
const MIN_BUDGET_BYTES = 16 << 20;

/** Memory of the supervisor. */
const SUPERVISOR_BYTES = 128 << 20;
/** Minimum memory of a worker. With less, its runtime would take most of it. */
const ROOM_FOR_WORKER_BYTES = 384 << 20;

/** Returns the default number of workers: as many as memory allows, up to `maxWorkers`. */
export function workersFor(
  { machineBytes, memory }: Pick<ProcessMemoryOptions, 'machineBytes' | 'memory'>,
  maxWorkers: number,
): number {
  const room = Math.floor((bytesOf(memory, machineBytes) - SUPERVISOR_BYTES) / ROOM_FOR_WORKER_BYTES);
  return room < 2 ? 1 : Math.min(maxWorkers, room);
}

/** Returns the budget of one of `workers` equal processes. */
export function budgetOfProcess(options: ProcessMemoryOptions): ProcessMemory {
  const { machineBytes, memory, maxQueryMemory, workers } = options;
  const sharedBytes = bytesOf(memory, machineBytes) - (workers > 1 ? SUPERVISOR_BYTES : 0);
  const limitBytes = Math.max(0, Math.floor(sharedBytes / workers));
  const budgetBytes = Math.max(MIN_BUDGET_BYTES, Math.floor((limitBytes - BASE_BYTES) * BUDGET_SHARE));
  const perQueryBytes = Math.min(budgetBytes, Math.floor(bytesOf(maxQueryMemory, budgetBytes)));
  return { limitBytes, budgetBytes, perQueryBytes };
}

function bytesOf(flag: MemoryFlag, availableBytes: number): number {
  return flag.unit === 'bytes' ? flag.value : flag.value * availableBytes;
}

/** Share of the heap limit above which V8 may end the process. */
const FULL_HEAP_SHARE = 0.9;
/** Reading the heap statistics for every request would cost too much. */
const CHECK_INTERVAL_MS = 100;

/** The use of the heap, as measured within the last 100 ms. */
export class HeapUse {
  #measuredAtMs = -Infinity;
  #isNearlyFull = false;

  isNearlyFull(): boolean {
    const nowMs = performance.now();
    if (nowMs - this.#measuredAtMs >= CHECK_INTERVAL_MS) {
      this.#measuredAtMs = nowMs;
      const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
      this.#isNearlyFull = used > limit * FULL_HEAP_SHARE;
    }
    return this.#isNearlyFull;
  }
}
