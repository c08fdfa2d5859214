export { planDistributed, planInSteps, type PlanOptions } from './distribute.js';
export { type ExplainedNode, explainPlan } from './explain/explain-plan.js';
export { printExplained } from './explain/print-explained.js';
export { printPlan } from './explain/print-plan.js';
export type { OperatorStats, PartStats, RunStats } from './explain/run-stats.js';
export { planLocally } from './local-planner.js';
export { histogramSources, mergesSeries, selectionKey } from './native-histograms.js';
export type {
  AggregateNode,
  BinaryNode,
  CallNode,
  Fetch,
  FetchNode,
  NegateNode,
  PlanNode,
  PlanSteps,
  RangeNode,
  SegmentNode,
  SegmentsNode,
  Selection,
  SelectorNode,
  UnionNode,
  SubqueryNode,
} from './node.js';
export { fetchesOf, operands } from './operands.js';
export { dataWindows } from './pruning/data-windows.js';
export { MatchTime, pruneGroups } from './pruning/group-pruning.js';
export { matchersForGroup, type PlannedGroup } from './pruning/planned-group.js';
export { ignoredBuckets, rejectedParts } from './rejected-parts.js';
export { DEFAULT_LOOKBACK_MS } from './times.js';
export { tooManyRequests } from './too-many-requests.js';
