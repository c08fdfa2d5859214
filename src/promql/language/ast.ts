// The abstract syntax tree of a query. Every node is immutable and carries its position in the query.

import type { Matcher } from '../../model/index.js';

/** Byte offsets into the query's UTF-8 text: `start` inclusive, `end` exclusive. */
export interface Position {
  readonly start: number;
  readonly end: number;
}

/** Any expression, distinguished by `kind`. */
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

/** `1.5`, `0x1f`, `Inf`, or a duration used as a number of seconds: `60 * 5m`. */
export interface NumberLiteral {
  readonly kind: 'number';
  readonly value: number;
  /** True when written as a duration (`5m` for 300). It is printed as a duration again. */
  readonly duration: boolean;
  readonly position: Position;
}

/** `"a"`, `'a'` or `` `a` ``. */
export interface StringLiteral {
  readonly kind: 'string';
  /** The text without quotes and escapes (see `unquote`). */
  readonly value: string;
  readonly position: Position;
}

/** `name{a="b"} offset 5m @ 100`: at each step, the newest sample of each series within the lookback. */
export interface VectorSelector {
  readonly kind: 'vectorSelector';
  /** The metric name written before the braces, or the empty string. A name is also the last matcher. */
  readonly name: string;
  readonly matchers: readonly Matcher[];
  /** Undefined without an offset and for an offset of zero. */
  readonly offset: Duration | undefined;
  readonly at: At | undefined;
  /** `anchored` or `smoothed` (experimental: promql-extended-range-selectors). */
  readonly extension: 'anchored' | 'smoothed' | undefined;
  readonly position: Position;
}

/** `selector[5m]`. The offset and `@` modifiers are stored on the selector. */
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
  /** Undefined for the default step, which is the evaluation interval. */
  readonly step: Duration | undefined;
  readonly offset: Duration | undefined;
  readonly at: At | undefined;
  readonly position: Position;
}

/** The aggregation operators. */
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

/** `sum by (a, b) (expr)` or `topk(param, expr)`. */
export interface AggregateExpr {
  readonly kind: 'aggregate';
  readonly op: AggregateOp;
  readonly expr: Expr;
  /** The `k` of topk, bottomk and limitk, the quantile, the ratio, or the label name of count_values. */
  readonly param: Expr | undefined;
  /** Label names in the order written. `without: false` and no names aggregates all series into one. */
  readonly grouping: readonly string[];
  readonly without: boolean;
  readonly position: Position;
}

/** `rate(expr)`. */
export interface CallExpr {
  readonly kind: 'call';
  /** A function name of SIGNATURES. */
  readonly func: string;
  readonly args: readonly Expr[];
  readonly position: Position;
}

export type ArithmeticOp = '+' | '-' | '*' | '/' | '%' | '^' | 'atan2';
/** Operators that filter, or return 0 or 1 with `bool`. */
export type ComparisonOp = '==' | '!=' | '<' | '<=' | '>' | '>=';
/** Operators that trim native histograms: they keep the observations below (`</`) or above (`>/`) a float. */
export type TrimOp = '</' | '>/';
export type SetOp = 'and' | 'or' | 'unless';
/** Any binary operator. */
export type BinaryOp = ArithmeticOp | ComparisonOp | TrimOp | SetOp;

/** How the series of the two vectors of a binary operation are matched: `on (a) group_left (b)`. */
export interface VectorMatching {
  readonly card: 'one-to-one' | 'many-to-one' | 'one-to-many' | 'many-to-many';
  /** The labels of `on` or `ignoring`. */
  readonly labels: readonly string[];
  /** True for `on`; false for `ignoring` and without either. */
  readonly on: boolean;
  /** The labels of `group_left` or `group_right`. */
  readonly include: readonly string[];
  /** The sample values used for a missing match on each side (experimental: promql-binop-fill-modifiers). */
  readonly fill: { readonly lhs: number | undefined; readonly rhs: number | undefined };
}

/** `lhs op rhs`. */
export interface BinaryExpr {
  readonly kind: 'binary';
  readonly op: BinaryOp;
  readonly lhs: Expr;
  readonly rhs: Expr;
  /** True with the `bool` modifier. */
  readonly returnBool: boolean;
  /** Defined exactly when both sides are vectors. */
  readonly matching: VectorMatching | undefined;
  readonly position: Position;
}

/** `-expr` or `+expr`. */
export interface UnaryExpr {
  readonly kind: 'unary';
  readonly op: '+' | '-';
  readonly expr: Expr;
  readonly position: Position;
}

/** `(expr)`. */
export interface ParenExpr {
  readonly kind: 'paren';
  readonly expr: Expr;
  readonly position: Position;
}

/** The `@` modifier: a Unix time in milliseconds, `start()` or `end()`. */
export type At =
  | { readonly kind: 'timestamp'; readonly timeMs: number }
  | { readonly kind: 'start' }
  | { readonly kind: 'end' };

/** A duration literal, or a duration expression (experimental: promql-duration-expr). */
export type Duration = DurationLiteral | DurationCall | DurationBinary | DurationUnary | DurationParen;

/** `5m`, or a number of seconds: `300`. */
export interface DurationLiteral {
  readonly kind: 'durationLiteral';
  /** Whole milliseconds, truncated towards zero. Negative only in offsets and within duration expressions. */
  readonly ms: number;
  /** The value as written, in seconds. Duration expressions are evaluated with this value. */
  readonly seconds: number;
  /** True when written as a number (`300` for 5m). Duration expressions print it as a number again. */
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

/** `1m + step()`. */
export interface DurationBinary {
  readonly kind: 'durationBinary';
  readonly op: '+' | '-' | '*' | '/' | '%' | '^';
  readonly lhs: Duration;
  readonly rhs: Duration;
  readonly position: Position;
}

/** `-step()`. The sign of a literal is part of the literal; a plus before any other operand is dropped. */
export interface DurationUnary {
  readonly kind: 'durationUnary';
  readonly op: '-';
  readonly expr: Duration;
  readonly position: Position;
}

/** `(1m + 1m)`. */
export interface DurationParen {
  readonly kind: 'durationParen';
  readonly expr: Duration;
  readonly position: Position;
}
