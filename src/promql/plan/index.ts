export { planDistributed, type PlanOptions } from './distribute.js';
export { type ExplainedNode, explainPlan, selectionKey } from './explain/explain-plan.js';
export { printExplained } from './explain/print-explained.js';
export { printPlan } from './explain/print-plan.js';
export type { RunStats, OperatorStats, PartStats } from './explain/run-stats.js';
export { planLocally } from './local.js';
export { histogramSources, merges } from './native-histograms.js';
export type {
  AggregateNode,
  BinaryNode,
  CallNode,
  Fetch,
  FetchNode,
  NegateNode,
  PlanNode,
  RangeNode,
  SelectorNode,
  SegmentsNode,
  SegmentNode,
  SubqueryNode,
} from './node.js';
export { operands } from './operands.js';
export { groupsLeftOut } from './pruning/explain-pruning.js';
export {
  exclusionsOf,
  matchersForGroup,
  type PlannedGroup,
  relevantGroups,
} from './pruning/group-pruning.js';
export { DEFAULT_LOOKBACK_MS } from './times.js';
