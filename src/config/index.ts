export { ConfigError } from './config-error.js';
export { helpText, parseFlags, type Flags } from './flags.js';
export { loadConfig, parseConfig, type LoadedConfig } from './load.js';
export { configFileSchema } from './schema.js';
export type * from './settings.js';
