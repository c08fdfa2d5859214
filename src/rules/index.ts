export { createNotifier, type Notifier, type NotifierMetrics } from './notify/index.js';
export {
  createRemoteWriter,
  openDiskJournal,
  type QueueLimits,
  type QueueMetrics,
  type RemoteWriteMetrics,
  type RemoteWriter,
  type SampleCounts,
} from './remote-write/index.js';
export { groupKey, type RuleGroup } from './group/rule-group.js';
export { createRuleSet } from './create-rule-set.js';
export {
  type Cluster,
  createElector,
  type ElectionMetrics,
  type Elector,
  NO_ELECTION,
} from './election/index.js';
export type { RuleMetrics } from './metrics.js';
export type { OutgoingAlert, OutgoingSample } from './ports.js';
export { QueryLimit } from './query/query-limit.js';
export { RuleManager } from './rule-manager.js';
export { type AlertmanagersView, NO_RULES, type RulesApi } from './rules-api.js';
export { type AlertView, type RuleGroupView, type RuleView, viewOfGroup } from './rules-view.js';
