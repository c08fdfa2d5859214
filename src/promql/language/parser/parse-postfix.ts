// Parses what stands after an expression: ranges, subqueries, offset, `@`, anchored and smoothed.

import type { At, Duration, Expr, SubqueryExpr, VectorSelector } from '../ast.js';
import { parseOffset, parsePositiveDuration } from './parse-duration-expr.js';
import { takeSignedNumber } from './parse-number.js';
import type { TokenStream } from './token-stream.js';
import { startsDuration } from '../lexer/tokens.js';

const DURATIONS = 'number, duration, step(), or range()';

/** Parses the ranges, offsets and other modifiers after an expression; they bind tighter than any operator. */
export function parsePostfix(tokens: TokenStream, expr: Expr): Expr {
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
