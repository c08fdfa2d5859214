// Tokens to a tree, by recursive descent; chains of operators are built in a loop. Types are checked afterwards.
//
// The grammar is Prometheus' promql/parser/generated_parser.y. An error is raised where its generated parser would
// raise its first one, with the same text.

import type { Matcher } from '../../model/index.js';
import { SIGNATURES } from '../functions/index.js';
import type {
  AggregateExpr,
  AggregateOp,
  At,
  BinaryOp,
  Duration,
  Expr,
  SubqueryExpr,
  VectorSelector,
} from './ast.js';
import { checkTypes } from './check-types.js';
import { NO_FEATURES, type FeatureSet } from './features.js';
import {
  AGGREGATE_PARAMETERS,
  PRECEDENCE,
  UNARY_PRECEDENCE,
  isExperimentalAggregation,
  isRightAssociative,
} from './operators.js';
import { unquote } from './literals.js';
import { parseOffset, parsePositiveDuration } from './parse-duration-expr.js';
import { parseLabelNames, parseMatching } from './parse-matching.js';
import { takeNumber, takeSignedNumber } from './parse-number.js';
import { parseVectorSelector } from './parse-vector-selector.js';
import { quote } from './quote.js';
import { MAX_DEPTH, TokenStream } from './token-stream.js';
import {
  isAggregation,
  isBinaryOp,
  isFunctionName,
  isMetricName,
  startsDuration,
  startsExpression,
  type Token,
} from './tokens.js';
import { children } from './walk.js';

export interface ParseOptions {
  /** Experimental constructs that are accepted; none by default. */
  readonly features?: FeatureSet;
}

const DURATIONS = 'number, duration, step(), or range()';

/**
 * Parses and type-checks a PromQL expression.
 *
 * Takes time linear in the length of the text. Sets no limit on its length; its depth is limited, so that every
 * function on trees may recurse.
 *
 * @throws ParseError what Prometheus would answer, the first error only.
 */
export function parseExpr(text: string, options: ParseOptions = {}): Expr {
  const tokens = new TokenStream(text, options.features ?? NO_FEATURES);
  if (tokens.peek().kind === 'end of input') {
    throw tokens.error({ start: 0, end: 0 }, 'no expression found in input');
  }
  const expr = parseExpression(tokens, 0);
  tokens.expect('end of input');
  checkDepth(tokens, expr);
  return checkTypes(expr, text);
}

/**
 * Parses a selector as `match[]` parameters have it: a metric name, matchers, or both. Returns its matchers, the
 * one of the name last. Whether any of them refuses the empty string is left to the caller.
 *
 * @throws ParseError what Prometheus would answer.
 */
export function parseSelector(text: string): readonly Matcher[] {
  const tokens = new TokenStream(text, NO_FEATURES);
  const name = tokens.peek();
  let selector: VectorSelector;
  if (name.kind === '{') selector = parseVectorSelector(tokens, undefined);
  else if (isMetricName(name.kind)) selector = parseVectorSelector(tokens, tokens.take());
  else throw tokens.unexpected();
  tokens.expect('end of input');
  return selector.matchers;
}

function parseExpression(tokens: TokenStream, minPrecedence: number): Expr {
  return tokens.nested(() => {
    let lhs = parsePrefix(tokens);
    for (;;) {
      const { kind: op } = tokens.peek();
      if (!isBinaryOp(op) || PRECEDENCE[op] < minPrecedence) return lhs;
      tokens.take();
      lhs = parseBinaryRest(tokens, lhs, op);
    }
  });
}

/** What follows a binary operator. */
function parseBinaryRest(tokens: TokenStream, lhs: Expr, op: BinaryOp): Expr {
  const returnBool = tokens.tryTake('bool') !== undefined;
  const matching = parseMatching(tokens);
  const rhs = parseExpression(tokens, isRightAssociative(op) ? PRECEDENCE[op] : PRECEDENCE[op] + 1);
  const position = tokens.positionFrom(lhs.position.start);
  const { fill } = matching;
  const fills = fill.lhs !== undefined || fill.rhs !== undefined;
  if (fills && !tokens.features.has('promql-binop-fill-modifiers')) {
    throw tokens.error(position, 'binop fill modifiers are experimental and not enabled');
  }
  return {
    kind: 'binary',
    op,
    lhs,
    rhs,
    returnBool,
    matching,
    position: { start: lhs.position.start, end: rhs.position.end },
  };
}

function parsePrefix(tokens: TokenStream): Expr {
  const sign = tokens.peek();
  if (sign.kind !== '+' && sign.kind !== '-') return parsePostfix(tokens, parsePrimary(tokens));
  tokens.take();
  const expr = parseExpression(tokens, UNARY_PRECEDENCE + 1);
  const position = { start: tokens.position(sign).start, end: expr.position.end };
  if (expr.kind !== 'number') return { kind: 'unary', op: sign.kind, expr, position };
  return { ...expr, value: sign.kind === '-' ? -expr.value : expr.value, position };
}

/** Parses the ranges, offsets and other modifiers after an expression; they bind tighter than any operator. */
function parsePostfix(tokens: TokenStream, expr: Expr): Expr {
  for (;;) {
    const { kind } = tokens.peek();
    if (kind === '[') expr = parseBrackets(tokens, expr);
    else if (kind === 'offset') expr = parseOffsetModifier(tokens, expr);
    else if (kind === '@') expr = parseAt(tokens, expr);
    else if (kind === 'anchored' || kind === 'smoothed') expr = parseExtension(tokens, expr);
    else return expr;
  }
}

function parseBrackets(tokens: TokenStream, expr: Expr): Expr {
  const bracket = tokens.position(tokens.take());
  const range = parseInBrackets(tokens, 'subquery or range selector', DURATIONS);
  if (tokens.tryTake(':') !== undefined) {
    const step =
      tokens.peek().kind === ']'
        ? undefined
        : parseInBrackets(tokens, 'subquery selector', 'number, duration, step(), range(), or "]"');
    tokens.expect(']', 'subquery selector', '"]"');
    const position = tokens.positionFrom(expr.position.start);
    return { kind: 'subquery', expr, range, step, offset: undefined, at: undefined, position };
  }
  tokens.expect(']', 'subquery or range', '":" or "]"');
  const position = tokens.positionFrom(bracket.start);
  if (expr.kind !== 'vectorSelector') {
    throw tokens.error(position, 'ranges only allowed for vector selectors');
  }
  if (expr.offset !== undefined) throw tokens.error(position, 'no offset modifiers allowed before range');
  if (expr.at !== undefined) throw tokens.error(position, 'no @ modifiers allowed before range');
  return {
    kind: 'matrixSelector',
    selector: expr,
    range,
    position: tokens.positionFrom(expr.position.start),
  };
}

function parseInBrackets(tokens: TokenStream, where: string, expected: string): Duration {
  if (!startsDuration(tokens.peek().kind)) throw tokens.unexpected(where, expected);
  return tokens.inContext(where, expected, () => parsePositiveDuration(tokens));
}

function parseOffsetModifier(tokens: TokenStream, expr: Expr): Expr {
  tokens.take();
  const offset = tokens.inContext('offset', DURATIONS, () => parseOffset(tokens));
  const target = timeShifted(expr);
  if (target === undefined) {
    throw tokens.error(
      expr.position,
      'offset modifier must be preceded by an instant vector selector or range vector selector or a subquery',
    );
  }
  if (target.offset !== undefined) {
    throw tokens.error(expr.position, 'offset may not be set multiple times');
  }
  const isNone = offset.kind === 'durationLiteral' && offset.ms === 0;
  return shiftTime(tokens, expr, { offset: isNone ? undefined : offset, at: target.at });
}

function parseAt(tokens: TokenStream, expr: Expr): Expr {
  tokens.take();
  const time = tokens.inContext('@', 'timestamp', () => parseAtTime(tokens));
  if (typeof time === 'number' && !(Math.abs(time) < 2 ** 63)) {
    throw tokens.error(expr.position, `timestamp out of bounds for @ modifier: ${printFixed(time)}`);
  }
  const target = timeShifted(expr);
  if (target === undefined) {
    throw tokens.error(
      expr.position,
      '@ modifier must be preceded by an instant vector selector or range vector selector or a subquery',
    );
  }
  if (target.at !== undefined) {
    throw tokens.error(expr.position, '@ <timestamp> may not be set multiple times');
  }
  const at: At = typeof time === 'number' ? { kind: 'timestamp', timeMs: roundMs(time) } : { kind: time };
  return shiftTime(tokens, expr, { offset: target.offset, at });
}

/** A time in seconds, or which end of the query. */
function parseAtTime(tokens: TokenStream): number | 'start' | 'end' {
  const { kind } = tokens.peek();
  if (kind !== 'start' && kind !== 'end') return takeSignedNumber(tokens);
  tokens.take();
  tokens.expect('(');
  tokens.expect(')');
  return kind;
}

/** Half a millisecond rounds away from zero, as Go has it. */
function roundMs(seconds: number): number {
  const ms = Math.round(Math.abs(seconds) * 1000);
  return seconds < 0 && ms !== 0 ? -ms : ms;
}

/** Go's `%f` of a number too large to have a fraction. */
function printFixed(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  return `${BigInt(value)}.000000`;
}

function parseExtension(tokens: TokenStream, expr: Expr): Expr {
  const extension = tokens.take().kind === 'anchored' ? 'anchored' : 'smoothed';
  if (!tokens.features.has('promql-extended-range-selectors')) {
    throw tokens.error(expr.position, `${extension} modifier is experimental and not enabled`);
  }
  if (expr.kind === 'subquery') {
    throw tokens.error(expr.position, `${extension} modifier is not supported for subqueries`);
  }
  if (expr.kind !== 'vectorSelector' && expr.kind !== 'matrixSelector') {
    throw tokens.error(expr.position, `${extension} modifier not implemented`);
  }
  const selector = expr.kind === 'matrixSelector' ? expr.selector : expr;
  if (selector.extension !== undefined && selector.extension !== extension) {
    throw tokens.error(expr.position, 'anchored and smoothed modifiers cannot be used together');
  }
  const position = tokens.positionFrom(expr.position.start);
  return expr.kind === 'matrixSelector'
    ? { ...expr, selector: { ...selector, extension }, position }
    : { ...selector, extension, position };
}

interface TimeShift {
  readonly offset: Duration | undefined;
  readonly at: At | undefined;
}

/** The node that offset and `@` after an expression belong to; undefined when they cannot follow it. */
function timeShifted(expr: Expr): VectorSelector | SubqueryExpr | undefined {
  if (expr.kind === 'matrixSelector') return expr.selector;
  return expr.kind === 'vectorSelector' || expr.kind === 'subquery' ? expr : undefined;
}

/** Sets offset and `@` of an expression that `timeShifted` has an answer for. */
function shiftTime(tokens: TokenStream, expr: Expr, shift: TimeShift): Expr {
  const position = tokens.positionFrom(expr.position.start);
  if (expr.kind === 'matrixSelector') {
    return { ...expr, selector: { ...expr.selector, ...shift }, position };
  }
  return expr.kind === 'vectorSelector' || expr.kind === 'subquery' ? { ...expr, ...shift, position } : expr;
}

function parsePrimary(tokens: TokenStream): Expr {
  const token = tokens.peek();
  const { kind } = token;
  if (kind === '{') return parseVectorSelector(tokens, undefined);
  const position = tokens.position(token);
  if (kind === 'number' || kind === 'duration') return { kind: 'number', ...takeNumber(tokens), position };
  if (kind === 'string') {
    return { kind: 'string', value: unquote(tokens.take().text), position };
  }
  if (kind !== '(') return parseName(tokens);
  tokens.take();
  const expr = parseExpression(tokens, 0);
  tokens.expect(')');
  return { kind: 'paren', expr, position: tokens.positionFrom(position.start) };
}

/** Parses what begins with a word: an aggregation, a call or the name of a metric, which the next token decides. */
function parseName(tokens: TokenStream): Expr {
  const { kind } = tokens.peek();
  if (!isMetricName(kind)) throw tokens.unexpected();
  const name = tokens.take();
  const next = tokens.peek().kind;
  if (isAggregation(kind) && (next === '(' || next === 'by' || next === 'without')) {
    return parseAggregate(tokens, name, kind);
  }
  if (isFunctionName(kind) && next === '(') return parseCall(tokens, name);
  return parseVectorSelector(tokens, name);
}

function parseAggregate(tokens: TokenStream, name: Token, op: AggregateOp): AggregateExpr {
  const { args, grouping } = tokens.inContext('aggregation', '', () => {
    const before = parseGrouping(tokens);
    const args = parseArguments(tokens);
    return { args, grouping: before ?? parseGrouping(tokens) };
  });
  const position = tokens.positionFrom(tokens.position(name).start);
  if (args.length === 0) {
    throw tokens.error(position, 'no arguments for aggregate expression provided');
  }
  if (isExperimentalAggregation(op) && !tokens.features.has('promql-experimental-functions')) {
    const flag = '--enable-feature=promql-experimental-functions';
    throw tokens.error(position, `${op}() is experimental and must be enabled with ${flag}`);
  }
  const wanted = AGGREGATE_PARAMETERS[op] === undefined ? 1 : 2;
  if (args.length !== wanted) {
    throw tokens.error(
      position,
      `wrong number of arguments for aggregate expression provided, expected ${wanted}, got ${args.length}`,
    );
  }
  return {
    kind: 'aggregate',
    op,
    expr: args[wanted - 1]!,
    param: wanted === 2 ? args[0] : undefined,
    grouping: grouping?.labels ?? [],
    without: grouping?.without ?? false,
    position,
  };
}

function parseGrouping(tokens: TokenStream): { labels: readonly string[]; without: boolean } | undefined {
  const { kind } = tokens.peek();
  if (kind !== 'by' && kind !== 'without') return undefined;
  tokens.take();
  return { labels: parseLabelNames(tokens), without: kind === 'without' };
}

function parseCall(tokens: TokenStream, name: Token): Expr {
  const args = parseArguments(tokens);
  const signature = SIGNATURES.get(name.text);
  if (signature === undefined) {
    throw tokens.error(tokens.position(name), `unknown function with name ${quote(name.text)}`);
  }
  if (signature.experimental && !tokens.features.has('promql-experimental-functions')) {
    throw tokens.error(tokens.position(name), `function ${quote(name.text)} is not enabled`);
  }
  const position = tokens.positionFrom(tokens.position(name).start);
  return { kind: 'call', func: signature.name, args, position };
}

/** Parses arguments between parentheses. */
function parseArguments(tokens: TokenStream): readonly Expr[] {
  tokens.expect('(');
  const args: Expr[] = [];
  if (tokens.tryTake(')') !== undefined) return args;
  for (;;) {
    args.push(parseExpression(tokens, 0));
    if (tokens.tryTake(')') !== undefined) return args;
    const comma = tokens.expect(',');
    if (!startsExpression(tokens.peek().kind)) {
      throw tokens.error(tokens.position(comma), 'trailing commas not allowed in function call args');
    }
  }
}

/** Chains of operators are as deep as they are long, though they need no recursion here. */
function checkDepth(tokens: TokenStream, root: Expr): void {
  let level: Expr[] = [root];
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) throw tokens.tooDeep(level[0]!.position);
    level = level.flatMap(children);
  }
}
