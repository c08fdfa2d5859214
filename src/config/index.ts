export type { MemoryFlag } from './flags/flag-values.js';
export { type Flags, parseFlags } from './flags/flags.js';
export { helpText } from './flags/help-text.js';
export type { QueryFlags, QueryTimes, TimeFlag } from './flags/query-flags.js';
export { loadConfig, type LoadedConfig, parseConfig } from './load.js';
export type { BindAddress } from './text/addresses.js';
export type {
  AuthenticationSettings,
  HttpClientSettings,
  LabelFilterSettings,
  SecretSettings,
  ServerGroupSettings,
  TimeRangeSettings,
  TlsSettings,
} from './settings.js';
