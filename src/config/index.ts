export type { BackfillFlags } from './flags/backfill-flags.js';
export { type Flags, parseFlags, type RuleFlags } from './flags/flags.js';
export { helpText } from './flags/help-text.js';
export type { CheckRulesFlags, LiveFlags, TestRulesFlags } from './flags/rule-flags.js';
export type { QueryFlags, QueryTimes, TimeFlag } from './flags/query-flags.js';
export { type ConfigOptions, loadConfig, type LoadedConfig, parseConfig } from './load.js';
export type { AlertingSettings, AlertmanagerSettings } from './alerting/alerting-settings.js';
export type { RemoteWriteSettings } from './remote-write/remote-write-settings.js';
export { type CheckedRuleFile, checkRuleFile } from './rules/check-rule-file.js';
export type {
  ElectionSettings,
  KubernetesElectionSettings,
  RedisElectionSettings,
} from './rules/election-settings.js';
export { NO_RULE_FILES } from './rules/load-rule-files.js';
export { loadUnitTest } from './rules/load-unit-test.js';
export type {
  AlertTestSettings,
  ExpectedSampleSettings,
  ExprTestSettings,
  InputSeriesSettings,
  UnitTestFileSettings,
  UnitTestSettings,
} from './rules/unit-test-settings.js';
export type {
  AlertingRuleSettings,
  PartialResponseStrategy,
  RecordingRuleSettings,
  RestoreFromSettings,
  RuleGroupSettings,
  RulesSettings,
  RuleSettings,
} from './rules/rule-settings.js';
export type { BindAddress } from './text/addresses.js';
export type {
  AuthenticationSettings,
  HttpClientSettings,
  SecretSettings,
  TlsSettings,
} from './http/http-client-settings.js';
export type { LabelFilterSettings, ServerGroupSettings, Settings, TimeRangeSettings } from './settings.js';
