export type {
  AggregateExpr,
  AggregateOp,
  ArithmeticOp,
  At,
  BinaryExpr,
  BinaryOp,
  CallExpr,
  ComparisonOp,
  Duration,
  DurationLiteral,
  Expr,
  MatrixSelector,
  Position,
  SetOp,
  SubqueryExpr,
  VectorMatching,
  VectorSelector,
} from './ast.js';
export { type Feature, FEATURES, type FeatureSet, NO_FEATURES } from './features.js';
export { isArithmetic, isComparison, isSetOperator, isTrim } from './operators.js';
export { ParseError, TextPositions } from './parse-error.js';
export { NodeCount } from './parser/node-count.js';
export { parseExpr, parseMatchers, parseSelector } from './parser/parser.js';
export { prettyExpr } from './printer/pretty.js';
export { isPlainLabelName, printExpr, printPortableExpr } from './printer/printer.js';
export { quote } from './printer/quote.js';
export { resolveDuration, resolvePositiveDuration } from './resolve-duration.js';
export { selectorsByTime } from './selector-times.js';
export { stackSafe, recursionCheckpoints } from './stack-safe.js';
export { typeOf } from './type-of.js';
export { children, walk } from './walk.js';
