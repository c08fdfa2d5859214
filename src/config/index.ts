export { type BindAddress } from './addresses.js';
export { ConfigError, type Place, type Problem } from './config-error.js';
export { helpText, parseFlags, type Flags, type LogLevelFlag } from './flags.js';
export { loadConfig, parseConfig, type LoadedConfig } from './load.js';
export { configFileSchema, type ConfigFile } from './schema.js';
export type * from './settings.js';
