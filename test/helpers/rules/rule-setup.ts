// Rules for tests, with results that the test chooses.

import type { AlertingRuleSettings } from '../../../src/config/index.js';
import { Labels, type MissingGroup } from '../../../src/model/index.js';
import { parseExpr } from '../../../src/promql/language/index.js';
import { Cancellation } from '../../../src/runtime/index.js';
import type { AlertTemplate } from '../../../src/rules/alert/alert-template.js';
import { AlertingRule, type AlertingRuleOptions } from '../../../src/rules/alert/alerting-rule.js';
import type { RuleResult } from '../../../src/rules/query/rule-result.js';

export interface AlertingRuleChanges {
  readonly expr?: string;
  readonly forMs?: number;
  readonly keepFiringForMs?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly partialResponse?: AlertingRuleOptions['partialResponse'];
  readonly holdMs?: number;
  readonly isRestored?: boolean;
}

/** Creates a rule `Test` whose labels are constant. */
export function createTestRule(changes: AlertingRuleChanges = {}): AlertingRule {
  const { expr = 'x > 0', labels = {} } = changes;
  const settings: AlertingRuleSettings = {
    kind: 'alerting',
    name: 'Test',
    expr,
    forMs: changes.forMs ?? 0,
    keepFiringForMs: changes.keepFiringForMs ?? 0,
    labels: Object.entries(labels),
    annotations: [],
  };
  const constant = ([name, value]: readonly [string, string]): AlertTemplate => ({
    name,
    expand: () => value,
  });
  return new AlertingRule(settings, {
    expr: parseExpr(expr),
    text: expr,
    labels: settings.labels.map(constant),
    annotations: [],
    partialResponse: changes.partialResponse ?? 'hold',
    holdMs: changes.holdMs ?? 600_000,
    isRestored: changes.isRestored ?? true,
    signal: new Cancellation(),
  });
}

/** A result with one sample of value 1 for each label set. */
export function resultOf(
  labels: readonly Readonly<Record<string, string>>[],
  missing: readonly MissingGroup[] = [],
  isDisjoint = true,
): RuleResult {
  const samples = labels.map((one) => ({ labels: Labels.from(one), value: 1 }));
  return { samples, missing, unanswered: missing, isDisjoint };
}
