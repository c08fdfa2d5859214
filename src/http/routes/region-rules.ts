// Prints rules of regions with the names that Prometheus' API has, beside which a rule group names its server group.

import type { FederatedRuleGroup } from '../../federation/index.js';

type RegionRule = FederatedRuleGroup['rules'][number];
type RegionAlert = Extract<RegionRule, { kind: 'alerting' }>['alerts'][number];

/** Prints a group without its rules. Texts of the region are printed unchanged. */
export function printRegionGroup(group: FederatedRuleGroup): object {
  return {
    name: group.name,
    file: group.file,
    serverGroup: group.serverGroup,
    rules: [],
    interval: group.intervalS,
    limit: group.limit,
    evaluationTime: group.evaluationS,
    lastEvaluation: group.lastEvaluation,
  };
}

/** Prints a rule without its alerts. */
export function printRegionRule(rule: RegionRule, excludesAlerts: boolean): object {
  const { name, query, labels, health, lastError, evaluationS, lastEvaluation } = rule;
  const common = { health, lastError, evaluationTime: evaluationS, lastEvaluation };
  if (rule.kind === 'recording') return { name, query, labels, ...common, type: 'recording' };
  return {
    state: rule.state,
    name,
    query,
    duration: rule.forS,
    keepFiringFor: rule.keepFiringForS,
    labels,
    annotations: rule.annotations,
    alerts: excludesAlerts ? null : [],
    ...common,
    type: 'alerting',
  };
}

/** Members that are undefined are missing from JSON. */
export function printRegionAlert({
  labels,
  annotations,
  state,
  activeAt,
  keepFiringSince,
  value,
}: RegionAlert): object {
  return { labels, annotations, state, activeAt, keepFiringSince, value };
}
