// All numbers that size promfed's processes: how many there are, how much memory each has, Node.js' flags for it, and the
// budget for queries. The constants are chosen by measurement (ARCHITECTURE.md, "Memory").

import type { MemoryLimits } from '../memory-budget.js';

/** Memory of a serving process without requests, beside its heap: the runtime and its code. */
const RUNTIME_BYTES = 96 << 20;
/**
 * Memory of the allocator for each byte of buffers. glibc keeps the memory of freed buffers, and does not fill every gap: in
 * the mix of all hostile cases it had 130 to 150 % of what was in use at most.
 */
const ALLOCATOR_SHARE = 1.4;
/**
 * Share of the budget that is left when the user sets a larger heap, however large: most of it will be garbage, which
 * `MemoryPressure` collects.
 */
const LEAST_SHARE = 0.5;
/** A smaller budget would reject every query. */
const MIN_BUDGET_BYTES = 16 << 20;

/** Objects of a serving process without requests, in the old generation. */
const IDLE_HEAP_BYTES = 32 << 20;
/** Share of the old generation, idle objects aside, that the budget may fill. V8 ends a process that finds no garbage. */
const LIVE_HEAP_SHARE = 0.8;
/** A smaller old generation would not hold a configuration. */
const MIN_OLD_SPACE_BYTES = 96 << 20;
/**
 * Size of one half of the young generation. With more, collections are rarer and copy less: small queries need 15 to 25 %
 * less CPU than with 4 MiB, and no less with 32 MiB. With less, wide answers peak lower, because their garbage is buffers:
 * 186 MB with 4, 228 MB with 16, 257 MB with 32 MiB for an answer of 85 MB. Measured by `npm run bench -- settings`.
 */
const SEMI_SPACE_BYTES = 16 << 20;
/** Upper bound on it in a small process. */
const SEMI_SPACE_SHARE = 1 / 32;
/** Size of the young generation, in halves. Source: V8, `Heap::YoungGenerationSizeFromSemiSpaceSize`. */
const SEMI_SPACES = 3;
/** Half of the young generation without a flag, in versions of Node.js that cannot restart with one in place. */
const DEFAULT_SEMI_SPACE_BYTES = 16 << 20;

/** Memory of the supervisor beside its workers. */
const SUPERVISOR_BYTES = 128 << 20;
/** Share of all memory that the supervisor may use for a moment, to load a large configuration. */
const SUPERVISOR_SHARE = 0.25;
/** Minimum memory of a worker by default. With less, its runtime would take most of it. */
const ROOM_FOR_WORKER_BYTES = 384 << 20;
/**
 * Number of cores for each worker by default. The garbage collector and the kernel use the other one: with a worker for each
 * of two cores, a small query needs 1.5 to 2.3 times the CPU, and a wide answer twice the memory.
 */
const CORES_FOR_WORKER = 2;

/** An amount of memory: bytes, or a share of the available memory. */
export interface MemoryAmount {
  readonly unit: 'bytes' | 'share';
  readonly value: number;
}

export interface ProcessOptions {
  /** The smallest of physical memory and the control groups' limits. */
  readonly machineBytes: number;
  /** Cores that promfed may use. */
  readonly cores: number;
  /** `--memory`. */
  readonly memory: MemoryAmount;
  /** `--workers`; undefined for the default. */
  readonly workers: number | undefined;
}

/** The processes of one promfed. */
export interface ProcessPlan {
  /** Number of serving processes. With more than one there is a supervisor as well. */
  readonly workers: number;
  /** Memory of each serving process. */
  readonly limitBytes: number;
  /** Memory up to which the supervisor may grow. */
  readonly supervisorBytes: number;
}

/** Plans the processes of one promfed. By default there is a worker for every two cores, if memory allows. */
export function planProcesses(options: ProcessOptions): ProcessPlan {
  const totalBytes = bytesOf(options.memory, options.machineBytes);
  const workers = options.workers ?? defaultWorkers(totalBytes, options.cores);
  const sharedBytes = totalBytes - (workers > 1 ? SUPERVISOR_BYTES : 0);
  return {
    workers,
    limitBytes: Math.max(0, Math.floor(sharedBytes / workers)),
    supervisorBytes: Math.max(SUPERVISOR_BYTES, Math.floor(totalBytes * SUPERVISOR_SHARE)),
  };
}

function defaultWorkers(totalBytes: number, cores: number): number {
  const room = Math.floor((totalBytes - SUPERVISOR_BYTES) / ROOM_FOR_WORKER_BYTES);
  return room < 2 ? 1 : Math.max(1, Math.min(Math.floor(cores / CORES_FOR_WORKER), room));
}

/** A process with its own flags. */
export type ProcessRole = 'server' | 'supervisor';

const OLD_SPACE_FLAG = /^--max-(?:old-space-size|heap-size)/;
const SEMI_SPACE_FLAG = /^--max-semi-space-size(?:=(\d+))?/;

/**
 * Returns Node.js' flags for a process of a plan, without those that `given` sets.
 *
 * @param given flags of the user, from the command line and from NODE_OPTIONS.
 */
export function nodeFlags(plan: ProcessPlan, role: ProcessRole, given: readonly string[]): string[] {
  const flags: string[] = [];
  if (matchLast(given, OLD_SPACE_FLAG) === undefined) {
    const bytes = role === 'server' ? oldSpaceBytes(plan.limitBytes) : plan.supervisorBytes;
    flags.push(`--max-old-space-size=${Math.ceil(bytes / MIB)}`);
  }
  if (role === 'server' && matchLast(given, SEMI_SPACE_FLAG) === undefined) {
    flags.push(`--max-semi-space-size=${semiSpaceBytes(plan.limitBytes) / MIB}`);
  }
  return flags;
}

/**
 * Returns true when a serving process without the flags of `nodeFlags` could outgrow its memory: V8's limit is higher, and
 * the user does not set it.
 */
export function outgrowsMemory(plan: ProcessPlan, heapLimitBytes: number, given: readonly string[]): boolean {
  const isSet = [OLD_SPACE_FLAG, SEMI_SPACE_FLAG].some((flag) => matchLast(given, flag) !== undefined);
  return !isSet && oldSpaceLimit(heapLimitBytes, given) > oldSpaceBytes(plan.limitBytes);
}

/**
 * Returns V8's limit on the old generation of this process.
 *
 * @param heapLimitBytes `heap_size_limit`, which includes the young generation.
 * @param given flags of this process, from its command line and from NODE_OPTIONS.
 */
export function oldSpaceLimit(heapLimitBytes: number, given: readonly string[]): number {
  const text = matchLast(given, SEMI_SPACE_FLAG)?.[1];
  const semiSpace = text === undefined ? DEFAULT_SEMI_SPACE_BYTES : Number(text) * MIB;
  return heapLimitBytes - SEMI_SPACES * semiSpace;
}

/** Matches the last of several flags, which applies. A name is written with dashes or underscores. */
function matchLast(flags: readonly string[], pattern: RegExp): RegExpExecArray | undefined {
  const matches = flags.map((flag) => pattern.exec(flag.replaceAll('_', '-')));
  return matches.findLast((match) => match !== null) ?? undefined;
}

const MIB = 1 << 20;

/**
 * Returns the budget that a process's memory holds: once as buffers, whose memory the allocator keeps, and once as objects,
 * which need a heap of their own later.
 */
function budgetFromMemory(limitBytes: number): number {
  return (roomOf(limitBytes) - IDLE_HEAP_BYTES) / (ALLOCATOR_SHARE + 1 / LIVE_HEAP_SHARE);
}

/** Memory for the old generation and for buffers. */
function roomOf(limitBytes: number): number {
  return limitBytes - RUNTIME_BYTES - SEMI_SPACES * semiSpaceBytes(limitBytes);
}

/** Returns the old generation that holds the budget, if queries hold nothing but objects. */
function oldSpaceBytes(limitBytes: number): number {
  const bytes = IDLE_HEAP_BYTES + budgetFromMemory(limitBytes) / LIVE_HEAP_SHARE;
  return Math.max(MIN_OLD_SPACE_BYTES, bytes);
}

/** Returns a power of two, in which V8 measures the young generation. */
function semiSpaceBytes(limitBytes: number): number {
  let bytes = SEMI_SPACE_BYTES;
  while (bytes > MIB && bytes > limitBytes * SEMI_SPACE_SHARE) bytes /= 2;
  return bytes;
}

export interface ProcessMemory extends MemoryLimits {
  /** The process's share of `--memory`. */
  readonly limitBytes: number;
}

/**
 * Returns the budget of a serving process. It fits into the heap, because a query may hold objects only, and as buffers into
 * the memory beside the heap.
 *
 * @param maxQueryMemory `--query.max-memory`; a share is one of the budget.
 * @param oldSpaceLimitBytes V8's limit on the old generation.
 */
export function budgetOfProcess(
  limitBytes: number,
  maxQueryMemory: MemoryAmount,
  oldSpaceLimitBytes: number,
): ProcessMemory {
  const fromMemory = budgetFromMemory(limitBytes);
  const besideHeap = (roomOf(limitBytes) - oldSpaceLimitBytes) / ALLOCATOR_SHARE;
  const fromHeap = (oldSpaceLimitBytes - IDLE_HEAP_BYTES) * LIVE_HEAP_SHARE;
  const bytes = Math.min(fromMemory, Math.max(besideHeap, fromMemory * LEAST_SHARE), fromHeap);
  const budgetBytes = Math.max(MIN_BUDGET_BYTES, Math.floor(bytes));
  const perQueryBytes = Math.min(budgetBytes, Math.floor(bytesOf(maxQueryMemory, budgetBytes)));
  return { limitBytes, budgetBytes, perQueryBytes };
}

function bytesOf(amount: MemoryAmount, availableBytes: number): number {
  return amount.unit === 'bytes' ? amount.value : amount.value * availableBytes;
}
