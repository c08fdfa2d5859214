// What one process may hold of the memory that promfed may use.

import { getHeapStatistics } from 'node:v8';

import type { MemoryFlag } from './config/index.js';
import type { MemoryLimits } from './runtime/index.js';

export interface ProcessMemory extends MemoryLimits {
  /** What the process as a whole is to stay below. */
  readonly limitBytes: number;
}

export interface ProcessMemoryOptions {
  /** The least of physical memory and the control groups' limits. */
  readonly machineBytes: number;
  /** `--memory`. */
  readonly memory: MemoryFlag;
  /** `--query.max-memory`, of the process' budget. */
  readonly maxQueryMemory: MemoryFlag;
  /** How many processes share the memory. */
  readonly workers: number;
}

/** What a process takes that holds nothing: the runtime, its code, and what it keeps between two collections. */
const BASE_BYTES = 160 << 20;
/** Of the rest, what may be held; as much again is left for garbage that is not collected yet. */
const BUDGET_SHARE = 0.5;
/** A smaller budget would refuse what any query needs. */
const MIN_BUDGET_BYTES = 16 << 20;

/** What the process above several workers takes. */
const SUPERVISOR_BYTES = 128 << 20;
/** With less memory a process has little to hold answers in beside itself: fewer of them do more. */
const ROOM_FOR_WORKER_BYTES = 384 << 20;

/** How many workers to run where the user does not say: as many as there is memory for, and `most` at most. */
export function workersFor(
  { machineBytes, memory }: Pick<ProcessMemoryOptions, 'machineBytes' | 'memory'>,
  most: number,
): number {
  const room = Math.floor((bytesOf(memory, machineBytes) - SUPERVISOR_BYTES) / ROOM_FOR_WORKER_BYTES);
  return room < 2 ? 1 : Math.min(most, room);
}

/** The budget of one of so many equal processes. */
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

/** From this part of its limit on the runtime may end the process. */
const FULL_HEAP = 0.9;
const LOOK_EVERY_MS = 100;

/** Looks at the runtime's heap, not more often than it pays. */
export function createHeapWatch(): () => boolean {
  let lookedAtMs = -Infinity;
  let isFull = false;
  return () => {
    const nowMs = performance.now();
    if (nowMs - lookedAtMs < LOOK_EVERY_MS) return isFull;
    lookedAtMs = nowMs;
    const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
    isFull = used > limit * FULL_HEAP;
    return isFull;
  };
}
