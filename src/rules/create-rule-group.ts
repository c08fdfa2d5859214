// Creates rule groups from their settings: parses expressions and prepares templates.

import type { AlertingRuleSettings, RuleGroupSettings, RuleSettings } from '../config/index.js';
import { parseExpr, printExpr, type FeatureSet } from '../promql/language/index.js';
import { AlertingRule } from './alert/alerting-rule.js';
import type { AlertTemplate } from './alert/alert-template.js';
import type { CreateAlertTemplate } from './alert/create-alert-template.js';
import { RuleGroup, type PreparedRule, type RuleGroupOptions } from './group/rule-group.js';
import { createEngineQuery, type EngineQuery } from './query/engine-query.js';
import type { GroupLimit } from './query/query-limit.js';
import { RecordingRule } from './recording-rule.js';

export interface CreateRuleGroupOptions extends RuleGroupOptions {
  readonly features: FeatureSet;
  readonly queryTimeoutMs: number;
  /** `rules.hold`. */
  readonly holdMs: number;
  /** False when the state of alerts will be restored. */
  readonly isRestored: boolean;
  /** Prepares the templates of a rule. */
  readonly createTemplate: CreateAlertTemplate;
  readonly queryLimit: GroupLimit;
}

/** @throws PromfedError `bad_data` when an expression or a template is invalid. */
export function createRuleGroup(settings: RuleGroupSettings, options: CreateRuleGroupOptions): RuleGroup {
  const prepared = settings.rules.map((rule) => prepareRule(rule, settings, options));
  return new RuleGroup(settings, prepared, options);
}

function prepareRule(
  settings: RuleSettings,
  group: RuleGroupSettings,
  options: CreateRuleGroupOptions,
): PreparedRule {
  const { features, queryTimeoutMs, signal } = options;
  const expr = parseExpr(settings.expr, { features });
  const text = printExpr(expr);
  const run = createEngineQuery(text, { features, timeoutMs: queryTimeoutMs, signal });
  const query: EngineQuery = (...parameters) => options.queryLimit.run(() => run(...parameters));
  const common = {
    expr,
    text,
    partialResponse: group.partialResponse ?? 'hold',
    holdMs: options.holdMs,
  };
  if (settings.kind === 'recording') return { rule: new RecordingRule(settings, common), query };
  const rule = new AlertingRule(settings, {
    ...common,
    labels: templatesOf(settings, 'labels', options),
    annotations: templatesOf(settings, 'annotations', options),
    isRestored: options.isRestored,
    signal,
  });
  return { rule, query };
}

function templatesOf(
  rule: AlertingRuleSettings,
  member: 'labels' | 'annotations',
  { createTemplate }: CreateRuleGroupOptions,
): AlertTemplate[] {
  return rule[member].map(([name, text]) => createTemplate(rule.name, name, text));
}
