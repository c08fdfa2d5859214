// Parsing of the modifiers after an expression: ranges, subqueries, offset, `@`, anchored and smoothed.

import { formatFixed } from '../../functions/index.js';
import type { At, Duration, Expr, SubqueryExpr, VectorSelector } from '../ast.js';
import { parseOffset, parsePositiveDuration } from './parse-duration-expr.js';
import { takeSignedNumber } from './parse-number.js';
import type { TokenStream } from './token-stream.js';
import { startsDuration } from '../lexer/tokens.js';

const DURATIONS = 'number, duration, step(), or range()';

/** Parses all modifiers after an expression. They bind tighter than any operator. */
export function parsePostfix(tokens: TokenStream, expr: Expr): Expr {
  for (;;) {
    const { kind } = tokens.peek();
    if (kind === '[') expr = parseBrackets(tokens, expr);
    else if (kind === 'offset') expr = parseOffsetModifier(tokens, expr);
    else if (kind === '@') expr = parseAt(tokens, expr);
    else if (kind === 'anchored' || kind === 'smoothed') expr = parseExtension(tokens, expr);
    else return expr;
    tokens.countNode();
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
  const target = tryModifierTarget(expr);
  if (target === undefined) {
    throw tokens.error(
      expr.position,
      'offset modifier must be preceded by an instant vector selector or range vector selector or a subquery',
    );
  }
  if (target.offset !== undefined) {
    throw tokens.error(expr.position, 'offset may not be set multiple times');
  }
  const isZero = offset.kind === 'durationLiteral' && offset.ms === 0;
  return setTimeModifiers(tokens, expr, { offset: isZero ? undefined : offset, at: target.at });
}

function parseAt(tokens: TokenStream, expr: Expr): Expr {
  tokens.take();
  const time = tokens.inContext('@', 'timestamp', () => parseAtTime(tokens));
  if (typeof time === 'number' && !(Math.abs(time) < 2 ** 63)) {
    throw tokens.error(expr.position, `timestamp out of bounds for @ modifier: ${formatFixed(time)}`);
  }
  const target = tryModifierTarget(expr);
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
  return setTimeModifiers(tokens, expr, { offset: target.offset, at });
}

/** Parses a time in seconds, `start()` or `end()`. */
function parseAtTime(tokens: TokenStream): number | 'start' | 'end' {
  const { kind } = tokens.peek();
  if (kind !== 'start' && kind !== 'end') return takeSignedNumber(tokens);
  tokens.take();
  tokens.expect('(');
  tokens.expect(')');
  return kind;
}

/** Converts seconds to milliseconds. Half a millisecond is rounded away from zero, as in Go. */
function roundMs(seconds: number): number {
  const ms = Math.round(Math.abs(seconds) * 1000);
  return seconds < 0 && ms !== 0 ? -ms : ms;
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

interface TimeModifiers {
  readonly offset: Duration | undefined;
  readonly at: At | undefined;
}

/** Returns the node that stores the offset and `@` of an expression, or `undefined` when it allows neither. */
function tryModifierTarget(expr: Expr): VectorSelector | SubqueryExpr | undefined {
  if (expr.kind === 'matrixSelector') return expr.selector;
  return expr.kind === 'vectorSelector' || expr.kind === 'subquery' ? expr : undefined;
}

/** Sets the offset and `@` of an expression that has a modifier target. */
function setTimeModifiers(tokens: TokenStream, expr: Expr, modifiers: TimeModifiers): Expr {
  const position = tokens.positionFrom(expr.position.start);
  if (expr.kind === 'matrixSelector') {
    return { ...expr, selector: { ...expr.selector, ...modifiers }, position };
  }
  const isTarget = expr.kind === 'vectorSelector' || expr.kind === 'subquery';
  return isTarget ? { ...expr, ...modifiers, position } : expr;
}
