// The sections of a configuration that concern rules, and its rule files.

import { dirname } from 'node:path';

import { appendAll } from '../../model/index.js';
import type { FeatureSet } from '../../promql/language/index.js';
import { createAlertingSettings } from '../alerting/create-alerting.js';
import type { Problem } from '../config-error.js';
import type { ConfigFile } from '../file/schema/config-file.js';
import { createRemoteWriteSettings } from '../remote-write/create-remote-write.js';
import type { SectionReader } from '../section-reader.js';
import type { Settings } from '../settings.js';
import { parseConfigDuration } from '../text/parse-duration.js';
import { createRulesSettings } from './create-rules.js';
import { loadRuleFiles, type RuleFileSystem } from './load-rule-files.js';
import { checkTemplate } from './check-template.js';
import { partialResponseOf } from './parse-rule-file.js';
import { selectedRuleFiles, type RuleSelection } from './selected-rule-files.js';

/** Default of `global.evaluation_interval`. */
export const DEFAULT_INTERVAL_MS = 60_000;

export interface RuleSectionOptions {
  /** Path of the configuration file. */
  readonly file: string;
  readonly features: FeatureSet;
  readonly ruleFiles: RuleFileSystem;
  /** Default: the rules of the configuration. */
  readonly selection?: RuleSelection | undefined;
}

export type RuleSections = Pick<
  Settings,
  'evaluationIntervalMs' | 'ruleQueryOffsetMs' | 'ruleGroups' | 'rules' | 'alerting' | 'remoteWrite'
>;

/**
 * Creates the settings of rules and loads the rule files. Sections with problems of shape count as missing.
 *
 * @param problems receives the problems of the rule files.
 * @param warnings receives the warnings of the rule files.
 */
export function createRuleSections(
  config: ConfigFile,
  reader: SectionReader,
  { file, features, ruleFiles, selection }: RuleSectionOptions,
  problems: Problem[],
  warnings: Problem[],
): RuleSections {
  const { global = {}, rules } = config;
  const durationOf = (key: 'evaluation_interval' | 'rule_query_offset'): number =>
    reader.hasShape(['global', key]) ? Math.ceil(parseConfigDuration(global[key] ?? '0')) : 0;
  // Zero means the default. Source: Prometheus, config/config.go.
  const evaluationIntervalMs = durationOf('evaluation_interval') || DEFAULT_INTERVAL_MS;
  const ruleQueryOffsetMs = durationOf('rule_query_offset');
  const strategy = reader.hasShape(['rules', 'partial_response_strategy'])
    ? rules?.partial_response_strategy
    : undefined;
  const alerting = createAlertingSettings(config.alerting, reader);
  const remoteWrite = createRemoteWriteSettings(config.remote_write, reader);

  const configured = reader.hasShape(['rule_files']) ? (config.rule_files ?? []) : [];
  const directory = dirname(file);
  const selected = selection?.files ?? [];
  const isSelected = selected.length > 0;
  const patterns = isSelected
    ? selectedRuleFiles(selected, configured, directory, ruleFiles, problems)
    : configured;
  const loaded = loadRuleFiles(patterns, {
    directory: isSelected ? '' : directory,
    defaults: {
      intervalMs: selection?.intervalMs ?? evaluationIntervalMs,
      queryOffsetMs: ruleQueryOffsetMs,
      partialResponse: strategy === undefined ? undefined : partialResponseOf(strategy),
    },
    // An invalid destination has been reported.
    canRecord: (config.remote_write ?? []).length > 0,
    features,
    checkTemplate,
    files: ruleFiles,
  });
  appendAll(problems, loaded.problems);
  appendAll(warnings, loaded.warnings);
  const hasAlerts = loaded.groups.some((group) => group.rules.some(({ kind }) => kind === 'alerting'));
  if (hasAlerts) {
    const { warn } = reader.section([]);
    if (alerting.alertmanagers.length === 0) {
      warn(['rule_files'], 'alerting rules without alerting.alertmanagers: no alerts are sent');
    }
    if (remoteWrite.length === 0) {
      warn(['rule_files'], 'alerting rules without remote_write: pending alerts start again after a restart');
    }
  }
  return {
    evaluationIntervalMs,
    ruleQueryOffsetMs,
    ruleGroups: loaded.groups,
    rules: createRulesSettings(rules, loaded.groups, reader),
    alerting,
    remoteWrite,
  };
}
