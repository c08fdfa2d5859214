export { ConfigError } from './config-error.js';
export { parseFlags, type Flags } from './flags.js';
export type { MemoryFlag } from './flag-values.js';
export { helpText } from './help-text.js';
export { loadConfig, parseConfig, type LoadedConfig } from './load.js';
export { readMachineMemory } from './machine-memory.js';
export type { QueryFlags, QueryOutput, QueryTimes, TimeFlag } from './query-flags.js';
export { configFileSchema } from './schema.js';
export type * from './settings.js';
