// Metrics of rules that are not observed.

import type { RuleMetrics } from '../../../src/rules/index.js';

export const NO_RULE_METRICS: RuleMetrics = {
  groupAdded: () => undefined,
  groupRemoved: () => undefined,
  ruleEvaluated: () => undefined,
  groupEvaluated: () => undefined,
  groupRestored: () => undefined,
};
