// The rules of one configuration, with everything that their groups need.

import type { Settings } from '../config/index.js';
import { countRecordedNames } from './chain/recorded-names.js';
import { createAlertTemplates } from './alert/create-alert-template.js';
import { createRuleGroup } from './create-rule-group.js';
import { NO_ELECTION, type GroupOwnership } from './election/index.js';
import type { AlertSink, SampleSink } from './ports.js';
import { QueryLimit } from './query/query-limit.js';
import { restoreGroup, resumeGroup, type RestoreGroupOptions } from './restore/restore-group.js';
import type { MemoryAccount } from '../runtime/index.js';
import type { RuleSet } from './rule-manager.js';
import { tableLink } from './template/index.js';

export interface RuleSetOptions extends RestoreGroupOptions {
  readonly alerts: AlertSink;
  readonly samples: SampleSink;
  /** See `RuleGroupOptions.memory`. */
  readonly memory?: MemoryAccount | undefined;
  /** Shared by successive configurations. Default: a limit of their own. */
  readonly queryLimit?: QueryLimit;
  /** Default: this process evaluates all groups. */
  readonly ownership?: GroupOwnership;
  /** `--rules.alert.resend-delay`. */
  readonly resendDelayMs: number;
  /** Without a slash at its end. */
  readonly externalUrl: string;
}

/** The settings that affect rules. */
export type RuleSetSettings = Pick<Settings, 'ruleGroups' | 'externalLabels' | 'serverGroups'> & {
  readonly rules: Pick<Settings['rules'], 'holdMs' | 'chainedResults'>;
};

export function createRuleSet(settings: RuleSetSettings, options: RuleSetOptions): RuleSet {
  const { engine, externalUrl, features } = options;
  const { holdMs, chainedResults } = settings.rules;
  const createTemplate = createAlertTemplates({
    engine,
    features,
    externalLabels: settings.externalLabels,
    externalUrl,
    queryTimeoutMs: options.queryTimeoutMs,
    signal: options.signal,
    log: options.log,
  });
  const { queryLimit = new QueryLimit() } = options;
  const graphUrl = (expr: string): string => `${externalUrl}${tableLink(expr)}`;
  const recordedNames = countRecordedNames(settings.ruleGroups);
  return {
    groups: settings.ruleGroups,
    recordedNames,
    context: JSON.stringify([holdMs, chainedResults, settings.externalLabels, externalUrl]),
    ownership: options.ownership ?? NO_ELECTION,
    createGroup: (group, isRestored) =>
      createRuleGroup(group, {
        ...options,
        holdMs,
        chainsInMemory: chainedResults === 'memory',
        recordedNames,
        isRestored,
        createTemplate,
        graphUrl,
        queryLimit: queryLimit.forGroup(),
      }),
    restore: (group, attempt) => restoreGroup(group, attempt, settings, options),
    resume: (group, timeMs) =>
      resumeGroup(group, timeMs, settings, { ...options, queryLimit: queryLimit.forGroup() }),
  };
}
