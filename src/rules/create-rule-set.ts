// The rules of one configuration, with everything that their groups need.

import pLimit from 'p-limit';

import type { Settings } from '../config/index.js';
import { createAlertTemplates } from './alert/create-alert-template.js';
import { createRuleGroup } from './create-rule-group.js';
import type { AlertSink, SampleSink } from './ports.js';
import { restoreGroup, type RestoreGroupOptions } from './restore/restore-group.js';
import type { RuleSet } from './rule-manager.js';

/** Maximum number of rules whose queries run at the same time. Others wait, without a place in the queue of queries. */
const MAX_CONCURRENT_QUERIES = 20;

export interface RuleSetOptions extends RestoreGroupOptions {
  readonly alerts: AlertSink;
  readonly samples: SampleSink;
  /** `--rules.alert.resend-delay`. */
  readonly resendDelayMs: number;
  /** Without a slash at its end. */
  readonly externalUrl: string;
}

/** The settings that affect rules. */
export type RuleSetSettings = Pick<Settings, 'ruleGroups' | 'rules' | 'externalLabels' | 'serverGroups'>;

export function createRuleSet(settings: RuleSetSettings, options: RuleSetOptions): RuleSet {
  const { engine, externalUrl, features } = options;
  const createTemplate = createAlertTemplates({
    engine,
    features,
    externalLabels: settings.externalLabels,
    externalUrl,
    queryTimeoutMs: options.queryTimeoutMs,
    signal: options.signal,
    log: options.log,
  });
  const limitQueries = pLimit(MAX_CONCURRENT_QUERIES);
  const graphUrl = (expr: string): string => `${externalUrl}/graph?g0.expr=${encodeQuery(expr)}&g0.tab=1`;
  return {
    groups: settings.ruleGroups,
    context: JSON.stringify([settings.rules, settings.externalLabels, externalUrl]),
    createGroup: (group, isRestored) =>
      createRuleGroup(group, {
        ...options,
        holdMs: settings.rules.holdMs,
        isRestored,
        createTemplate,
        graphUrl,
        limitQueries,
      }),
    restore: (group, timeMs) => restoreGroup(group, timeMs, settings, options),
  };
}

/** Escapes as Go's `url.QueryEscape`: a space is a plus sign. Source: Prometheus, util/strutil (`TableLinkForExpression`). */
function encodeQuery(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');
}
