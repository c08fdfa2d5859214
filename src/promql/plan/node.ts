// The plan: an immutable tree of what is computed here, with fetches and raw selectors as its leaves.

import type { Grid, Labels, Matcher, ValueType } from '../../model/index.js';
import type { AggregateOp, BinaryOp, Expr, Position, VectorMatching } from '../language/index.js';
import type { PlannedGroup } from './pruning/group-pruning.js';
import type { PushdownReason } from './pushdown/reason.js';

export type PlanNode =
  | NumberNode
  | StringNode
  | FetchNode
  | SelectorNode
  | RangeNode
  | SubqueryNode
  | AggregateNode
  | CallNode
  | BinaryNode
  | NegateNode
  | SegmentsNode
  | SegmentNode;

interface Node {
  /** Where the expression that this node stands for is in the query, for annotations. */
  readonly position: Position;
  /** Why it is computed here, where it might have been sent. */
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

/**
 * What is asked of the regions: one expression for each relevant group. Its result is on the step grid, or on the
 * steps of the innermost subquery around it.
 */
export interface FetchNode extends Node {
  readonly kind: 'fetch';
  readonly fetch: Fetch;
  /** The expression whose rewritings the groups are sent. */
  readonly source?: Expr | undefined;
}

/** Raw samples seen through lookback: at each step the newest sample of each series (`source: SampleSource`). */
export interface SelectorNode extends Node {
  readonly kind: 'selector';
  readonly matchers: readonly Matcher[];
  readonly offsetMs: number;
  /** The time that `@` fixes, milliseconds. */
  readonly atMs: number | undefined;
  /** How the selector, or the range of it, looks beyond its edges. */
  readonly extension?: 'anchored' | 'smoothed' | undefined;
}

/** Raw samples of a window: only ever the argument of a range function, or the root of an instant query. */
export interface RangeNode extends Node {
  readonly kind: 'range';
  readonly selector: SelectorNode;
  readonly rangeMs: number;
}

export interface SubqueryNode extends Node {
  readonly kind: 'subquery';
  readonly input: PlanNode;
  readonly rangeMs: number;
  /** Undefined for the default step. */
  readonly stepMs: number | undefined;
  readonly offsetMs: number;
  /** The time that `@` fixes, milliseconds. */
  readonly atMs: number | undefined;
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
  readonly args: readonly PlanNode[];
  /** Only for absent and absent_over_time: the labels of what they return, taken from their argument's matchers. */
  readonly absentLabels?: Labels;
  /** Only for info: as of which times its info series are read. */
  readonly infoTimes?: TimeShift;
}

/** Where offset and `@` move the times of what they stand at. */
export interface TimeShift {
  readonly offsetMs: number;
  /** The time that `@` fixes, milliseconds. */
  readonly atMs: number | undefined;
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

/** The steps of a range query in parts, each planned by itself: only ever the root of its plan. */
export interface SegmentsNode extends Node {
  readonly kind: 'segments';
  /** In the order of time; together they are the steps of the query. */
  readonly segments: readonly SegmentNode[];
}

/** The plan of some steps, on which it is evaluated as on those of a query of its own. */
export interface SegmentNode extends Node {
  readonly kind: 'segment';
  readonly grid: Grid;
  readonly input: PlanNode;
}

/** One fetch of a plan. Two fetches with the same `key` are the same fetch. */
export interface Fetch {
  readonly key: string;
  readonly type: ValueType;
  readonly parts: readonly FetchPart[];
  /**
   * True when the groups' label sets may meet: equal series of different parts are then merged, an earlier
   * part's sample winning at each time. False when the group labels keep every two parts apart.
   */
  readonly overlapping: boolean;
}

/** What one group is asked. */
export interface FetchPart {
  readonly group: PlannedGroup;
  /** The expression as the group is sent it. */
  readonly expr: string;
  /** Labels that every series of the answer is given, winning over the region's own. */
  readonly addLabels: Labels;
}
