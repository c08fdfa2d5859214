// The plan: an immutable tree of the operators that promfed evaluates, with fetches and raw selectors as its leaves.

import type { Grid, LabelRule, Labels, Matcher } from '../../model/index.js';
import type { AggregateOp, BinaryOp, Expr, Position, VectorMatching } from '../language/index.js';
import type { ExcludedGroup } from './pruning/group-pruning.js';
import type { PlannedGroup } from './pruning/planned-group.js';
import type { PushdownReason } from './pushdown/reason.js';

export type PlanNode =
  | NumberNode
  | StringNode
  | FetchNode
  | UnionNode
  | SelectorNode
  | RangeNode
  | SubqueryNode
  | AggregateNode
  | CallNode
  | BinaryNode
  | NegateNode
  | SegmentsNode
  | SegmentNode;

/** The making of a plan, which can be interrupted after each step. Returns the plan. */
export type PlanSteps = Generator<undefined, PlanNode, undefined>;

interface Node {
  /** The position in the query of the expression that this node evaluates, for annotations. */
  readonly position: Position;
  /** Why the expression is not sent to the groups. Undefined when there was no choice. */
  readonly reason?: PushdownReason | undefined;
}

export interface NumberNode extends Node {
  readonly kind: 'number';
  readonly value: number;
}

export interface StringNode extends Node {
  readonly kind: 'string';
  readonly value: string;
}

/** An expression that groups evaluate. Its result is on the step grid, or on the steps of the innermost subquery. */
export interface FetchNode extends Node {
  readonly kind: 'fetch';
  readonly fetch: Fetch;
  /** The groups that are not queried. */
  readonly excluded: readonly ExcludedGroup[];
  /** The expression that is rewritten for each group. */
  readonly source?: Expr | undefined;
}

/** The series of several vectors. Labels of groups distinguish those of every two inputs. */
export interface UnionNode extends Node {
  readonly kind: 'union';
  readonly inputs: readonly PlanNode[];
}

/** The raw samples of one selector: its matchers, and the request to each group. */
export interface Selection {
  /** The matchers of the selector in the query. */
  readonly matchers: readonly Matcher[];
  /** The groups to query, in their order. */
  readonly parts: readonly SelectionPart[];
  /** True when several groups may have samples of the same series, because no label distinguishes them. */
  readonly overlapping: boolean;
}

/** The request of a selection to one group. */
export interface SelectionPart {
  readonly group: PlannedGroup;
  /** The matchers that are sent to the group. */
  readonly matchers: readonly Matcher[];
  /** Labels set on every series of the answer. They override the region's own. */
  readonly addLabels: Labels;
}

/** The shift of the times of a selector or a subquery: `@` replaces the time, then the offset is subtracted. */
export interface TimeShift {
  readonly offsetMs: number;
  /** The time that `@` fixes, milliseconds. */
  readonly atMs: number | undefined;
}

/** An instant vector read from raw samples: at each step the newest sample of each series within lookback. */
export interface SelectorNode extends Node, TimeShift {
  readonly kind: 'selector';
  readonly selection: Selection;
  /** The groups that are not queried. */
  readonly excluded: readonly ExcludedGroup[];
  /** How the selector, or the range around it, reads beyond its edges. */
  readonly extension?: 'anchored' | 'smoothed' | undefined;
}

/** Raw samples of a window: the argument of a range function, or the root of an instant query. */
export interface RangeNode extends Node {
  readonly kind: 'range';
  readonly selector: SelectorNode;
  readonly rangeMs: number;
}

export interface SubqueryNode extends Node, TimeShift {
  readonly kind: 'subquery';
  readonly input: PlanNode;
  readonly rangeMs: number;
  /** Undefined for the default step. */
  readonly stepMs: number | undefined;
}

export interface AggregateNode extends Node {
  readonly kind: 'aggregate';
  readonly op: AggregateOp;
  readonly input: PlanNode;
  readonly param: PlanNode | undefined;
  readonly grouping: readonly string[];
  readonly without: boolean;
}

export interface CallNode extends Node {
  readonly kind: 'call';
  readonly func: string;
  /** Arguments in order. For info only the first one, the series to enrich. */
  readonly args: readonly PlanNode[];
  /** Only for absent and absent_over_time: the labels of the result, taken from the matchers of the argument. */
  readonly absentLabels?: Labels;
  /** Only for info. */
  readonly info?: InfoSeries;
}

/** The info series of a call of info(). */
export interface InfoSeries {
  /** Matchers of identifying labels are added to the selection when the series to enrich are known. */
  readonly selector: SelectorNode;
  /** Matchers of metric names. A series that satisfies all of them is an info series and is not enriched. */
  readonly infoNames: readonly Matcher[];
}

export interface BinaryNode extends Node {
  readonly kind: 'binary';
  readonly op: BinaryOp;
  readonly lhs: PlanNode;
  readonly rhs: PlanNode;
  readonly returnBool: boolean;
  readonly matching: VectorMatching | undefined;
}

export interface NegateNode extends Node {
  readonly kind: 'negate';
  readonly input: PlanNode;
}

/** The steps of a range query in segments that are planned separately. Always the root of a plan. */
export interface SegmentsNode extends Node {
  readonly kind: 'segments';
  /** Ordered by time; together they are the steps of the query. */
  readonly segments: readonly SegmentNode[];
}

/** The plan of some steps of a query. */
export interface SegmentNode extends Node {
  readonly kind: 'segment';
  readonly grid: Grid;
  readonly input: PlanNode;
}

/** One fetch of a plan. Fetches with equal keys are equal. */
export interface Fetch {
  readonly key: string;
  /** `matrix` only for the root of an instant query whose answer passes through. */
  readonly type: 'vector' | 'matrix';
  /** The labels of the groups distinguish the series of every two parts. */
  readonly parts: readonly FetchPart[];
}

/** The request of a fetch to one group. */
export interface FetchPart {
  readonly group: PlannedGroup;
  /** The text of the expression that is sent to the group. */
  readonly expr: string;
  /** The labels that the series of the answer can have before `addLabels` are set. */
  readonly labelRule: LabelRule;
  /** Labels set on every series of the answer. They override the region's own. */
  readonly addLabels: Labels;
}
