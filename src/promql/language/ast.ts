// The tree that a query is parsed to. Every node is readonly and knows where it stands in the query.

import type { Matcher } from '../../model/index.js';

/** Byte offsets into the query's UTF-8 text: `start` inclusive, `end` exclusive. */
export interface Position {
  readonly start: number;
  readonly end: number;
}

export type Expr =
  | NumberLiteral
  | StringLiteral
  | VectorSelector
  | MatrixSelector
  | SubqueryExpr
  | AggregateExpr
  | CallExpr
  | BinaryExpr
  | UnaryExpr
  | ParenExpr;

export interface NumberLiteral {
  readonly kind: 'number';
  readonly value: number;
  /** Written as a duration (`5m` for 300), so that it prints as one. */
  readonly duration: boolean;
  readonly position: Position;
}

export interface StringLiteral {
  readonly kind: 'string';
  readonly value: string;
  readonly position: Position;
}

/** `name{a="b"} offset 5m @ 100`: at each step, the newest sample of each series within lookback. */
export interface VectorSelector {
  readonly kind: 'vectorSelector';
  /** The metric name as written before the braces, or the empty string. It is also the last of the matchers. */
  readonly name: string;
  readonly matchers: readonly Matcher[];
  /** Undefined for no offset; an offset of zero is none. */
  readonly offset: Duration | undefined;
  readonly at: At | undefined;
  /** `anchored` or `smoothed` (experimental: promql-extended-range-selectors). */
  readonly extension: 'anchored' | 'smoothed' | undefined;
  readonly position: Position;
}

/** `selector[5m]`. Offset and `@` of the whole stand on the selector. */
export interface MatrixSelector {
  readonly kind: 'matrixSelector';
  readonly selector: VectorSelector;
  readonly range: Duration;
  readonly position: Position;
}

/** `expr[1h:5m] offset 5m @ 100`. */
export interface SubqueryExpr {
  readonly kind: 'subquery';
  readonly expr: Expr;
  readonly range: Duration;
  /** Undefined for the default step, the evaluation interval. */
  readonly step: Duration | undefined;
  readonly offset: Duration | undefined;
  readonly at: At | undefined;
  readonly position: Position;
}

export type AggregateOp =
  | 'sum'
  | 'avg'
  | 'count'
  | 'min'
  | 'max'
  | 'group'
  | 'stddev'
  | 'stdvar'
  | 'topk'
  | 'bottomk'
  | 'count_values'
  | 'quantile'
  | 'limitk'
  | 'limit_ratio';

export interface AggregateExpr {
  readonly kind: 'aggregate';
  readonly op: AggregateOp;
  readonly expr: Expr;
  /** `k` of topk and its kin, the quantile, the ratio, or count_values' label name. */
  readonly param: Expr | undefined;
  /** As written; `without: false` and no names is an aggregation over everything. */
  readonly grouping: readonly string[];
  readonly without: boolean;
  readonly position: Position;
}

export interface CallExpr {
  readonly kind: 'call';
  /** A name of the signature table. */
  readonly func: string;
  readonly args: readonly Expr[];
  readonly position: Position;
}

export type BinaryOp =
  | '+'
  | '-'
  | '*'
  | '/'
  | '%'
  | '^'
  | 'atan2'
  | '=='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>='
  | '</'
  | '>/'
  | 'and'
  | 'or'
  | 'unless';

/** How the two vectors of a binary operation find each other. */
export interface VectorMatching {
  readonly card: 'one-to-one' | 'many-to-one' | 'one-to-many' | 'many-to-many';
  /** The labels of `on` or `ignoring`. */
  readonly labels: readonly string[];
  readonly on: boolean;
  /** The labels of `group_left` or `group_right`. */
  readonly include: readonly string[];
  /** What stands in for a missing partner (experimental: promql-binop-fill-modifiers). */
  readonly fill: { readonly lhs: number | undefined; readonly rhs: number | undefined };
}

export interface BinaryExpr {
  readonly kind: 'binary';
  readonly op: BinaryOp;
  readonly lhs: Expr;
  readonly rhs: Expr;
  readonly returnBool: boolean;
  /** Set whenever both sides are vectors; undefined otherwise. */
  readonly matching: VectorMatching | undefined;
  readonly position: Position;
}

export interface UnaryExpr {
  readonly kind: 'unary';
  readonly op: '+' | '-';
  readonly expr: Expr;
  readonly position: Position;
}

export interface ParenExpr {
  readonly kind: 'paren';
  readonly expr: Expr;
  readonly position: Position;
}

/** The `@` modifier. */
export type At =
  | { readonly kind: 'timestamp'; readonly timeMs: number }
  | { readonly kind: 'start' }
  | { readonly kind: 'end' };

/** A duration as written: a literal, or an expression of them (experimental: promql-duration-expr). */
export type Duration = DurationLiteral | DurationCall | DurationBinary | DurationUnary | DurationParen;

export interface DurationLiteral {
  readonly kind: 'durationLiteral';
  /** Whole milliseconds, cut towards zero; negative only in offsets and inside of duration expressions. */
  readonly ms: number;
  /** The number as written, in seconds: what duration expressions calculate with. */
  readonly seconds: number;
  /** Written as a number (`300` for 5m), which a duration expression prints as one. */
  readonly number: boolean;
  readonly position: Position;
}

/** `step()`, `range()`, `min_of(a, b)`, `max_of(a, b)`. */
export interface DurationCall {
  readonly kind: 'durationCall';
  readonly func: 'step' | 'range' | 'min_of' | 'max_of';
  readonly args: readonly Duration[];
  readonly position: Position;
}

export interface DurationBinary {
  readonly kind: 'durationBinary';
  readonly op: '+' | '-' | '*' | '/' | '%' | '^';
  readonly lhs: Duration;
  readonly rhs: Duration;
  readonly position: Position;
}

/** A sign before a literal belongs to the literal, and a plus before anything else means nothing. */
export interface DurationUnary {
  readonly kind: 'durationUnary';
  readonly op: '-';
  readonly expr: Duration;
  readonly position: Position;
}

export interface DurationParen {
  readonly kind: 'durationParen';
  readonly expr: Duration;
  readonly position: Position;
}
