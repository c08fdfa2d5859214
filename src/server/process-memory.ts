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
/** Least memory for one more worker: below it, most of a worker's memory is its own runtime. */
const ROOM_FOR_WORKER_BYTES = 384 << 20;

/** Returns the default number of workers: as many as memory allows, up to `most`. */
export function workersFor(
  { machineBytes, memory }: Pick<ProcessMemoryOptions, 'machineBytes' | 'memory'>,
  most: number,
): number {
  const room = Math.floor((bytesOf(memory, machineBytes) - SUPERVISOR_BYTES) / ROOM_FOR_WORKER_BYTES);
  return room < 2 ? 1 : Math.min(most, room);
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

function bytesOf(flag: MemoryFlag, wholeBytes: number): number {
  return flag.unit === 'bytes' ? flag.value : flag.value * wholeBytes;
}

/** Share of the heap limit above which V8 may end the process. */
const FULL_HEAP_SHARE = 0.9;
/** Reading the heap statistics for every request would cost too much. */
const CHECK_INTERVAL_MS = 100;

/** Returns a function that reports whether the heap is nearly full, at most 100 ms ago. */
export function createHeapWatch(): () => boolean {
  let checkedAtMs = -Infinity;
  let isFull = false;
  return () => {
    const nowMs = performance.now();
    if (nowMs - checkedAtMs < CHECK_INTERVAL_MS) return isFull;
    checkedAtMs = nowMs;
    const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
    isFull = used > limit * FULL_HEAP_SHARE;
    return isFull;
  };
}
