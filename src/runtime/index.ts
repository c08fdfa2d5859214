export { availableCores } from './available-cores.js';
export { Cancellation } from './cancellation.js';
export { type Clock, systemClock } from './clock.js';
export { type Log, NO_LOG } from './log.js';
export { readMachineMemory } from './machine-memory.js';
export {
  type MemoryAccount,
  MemoryBudget,
  type MemoryLimits,
  type MemoryUse,
  type QueryMemory,
  UNCOUNTED_MEMORY,
} from './memory-budget.js';
export {
  budgetOfProcess,
  type MemoryAmount,
  nodeFlags,
  oldSpaceLimit,
  outgrowsMemory,
  planProcesses,
  type ProcessMemory,
} from './process/process-settings.js';
export { readingTurn, sendingTurn } from './pacing/loop-turn.js';
export { sortPaced } from './pacing/paced-sort.js';
export { Pacer } from './pacing/pacer.js';
export { createTimers, RefreshLoop, type Timers } from './refresh-loop.js';
export { Reloader, type Revision } from './reloader.js';
export { startTimer } from './start-timer.js';
export { settlesSoon } from './settles-soon.js';
export { SampleBudget, type SampleCounter } from './sample-budget.js';
export { SteppedReservation } from './stepped-reservation.js';
export {
  describeFileError,
  type FileText,
  type ReadText,
  readTextFile,
  readTextFileAsync,
} from './text-file.js';
export { type ZstdOptions, zstd } from './zstd.js';
