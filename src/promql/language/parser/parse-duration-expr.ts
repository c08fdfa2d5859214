// Parsing of durations and duration expressions, in brackets and after `offset`.

import { MAX_DURATION_S } from '../../../model/index.js';
import type {
  Duration,
  DurationBinary,
  DurationCall,
  DurationLiteral,
  DurationParen,
  Position,
} from '../ast.js';
import { PRECEDENCE, UNARY_PRECEDENCE, isRightAssociative } from '../operators.js';
import { takeNumber } from './parse-number.js';
import { MAX_DURATION_DEPTH, type TokenStream } from './token-stream.js';
import type { Token, TokenKind } from '../lexer/tokens.js';

/** Parses the range or the step in brackets: a literal greater than zero, or a duration expression. */
export function parsePositiveDuration(tokens: TokenStream): Duration {
  const duration = parseExpression(tokens, 0);
  checkDepth(tokens, duration);
  // Durations are whole milliseconds, as in Prometheus' storage, so less than a millisecond is rejected.
  if (duration.kind === 'durationLiteral' && duration.ms <= 0) {
    throw tokens.error(duration.position, 'duration must be greater than 0');
  }
  return duration;
}

/**
 * Parses the duration after `offset`: a literal or a call with an optional sign, or an expression in parentheses.
 * Operators after it are not part of the duration (`a offset 1m + 1m` adds 60), except after parentheses, where the
 * grammar of Prometheus continues the duration: `a offset (1m) * 2` is an offset of two minutes.
 */
export function parseOffset(tokens: TokenStream): Duration {
  const duration = parseSignedOffset(tokens);
  checkDepth(tokens, duration);
  return duration;
}

function parseSignedOffset(tokens: TokenStream): Duration {
  const sign = tokens.peek();
  if (sign.kind === '(') return parseExpression(tokens, 0);
  if (sign.kind !== '+' && sign.kind !== '-') return parsePrimary(tokens);
  tokens.take();
  return applySign(tokens, sign, parseOffsetOperand(tokens, sign));
}

/** Parses the operand of a sign after `offset`. */
function parseOffsetOperand(tokens: TokenStream, sign: Token): Duration {
  const { kind } = tokens.peek();
  if (kind === '+' || kind === '-') return parseSigned(tokens);
  if (kind === '(') return parseParentheses(tokens);
  return isDurationFunction(kind) ? parseCall(tokens, kind, tokens.position(sign)) : parseLiteral(tokens);
}

function parseExpression(tokens: TokenStream, minPrecedence: number): Duration {
  return tokens.nested(() => {
    let lhs = parsePrefix(tokens);
    for (;;) {
      const { kind: op } = tokens.peek();
      if (!isDurationOp(op) || PRECEDENCE[op] < minPrecedence) return lhs;
      const token = tokens.take();
      const rhs = parseExpression(tokens, isRightAssociative(op) ? PRECEDENCE[op] : PRECEDENCE[op] + 1);
      requireFeature(tokens, lhs.position);
      if ((op === '/' || op === '%') && rhs.kind === 'durationLiteral' && rhs.seconds === 0) {
        throw tokens.error(tokens.position(token), op === '/' ? 'division by zero' : 'modulo by zero');
      }
      lhs = { kind: 'durationBinary', op, lhs, rhs, position: tokens.positionFrom(lhs.position.start) };
    }
  });
}

function isDurationOp(kind: string): kind is DurationBinary['op'] {
  return kind.length === 1 && '+-*/%^'.includes(kind);
}

function parsePrefix(tokens: TokenStream): Duration {
  const { kind } = tokens.peek();
  return kind === '+' || kind === '-' ? parseSigned(tokens) : parsePrimary(tokens);
}

/** Parses a sign, which must be the next token, and its operand. */
function parseSigned(tokens: TokenStream): Duration {
  const sign = tokens.take();
  return applySign(tokens, sign, parseExpression(tokens, UNARY_PRECEDENCE + 1));
}

/** Applies a sign: a literal includes its sign, a minus negates other operands, a plus is dropped. */
function applySign(tokens: TokenStream, sign: Token, operand: Duration): Duration {
  const position = tokens.positionFrom(tokens.position(sign).start);
  const minus = sign.kind === '-';
  if (operand.kind === 'durationLiteral') {
    const seconds = minus ? -operand.seconds : operand.seconds;
    return { ...operand, seconds, ms: wholeMs(seconds), position };
  }
  return minus ? { kind: 'durationUnary', op: '-', expr: operand, position } : operand;
}

function parsePrimary(tokens: TokenStream): Duration {
  tokens.countNode();
  const { kind } = tokens.peek();
  if (isDurationFunction(kind)) return parseCall(tokens, kind);
  if (kind !== '(') return parseLiteral(tokens);
  const parentheses = parseParentheses(tokens);
  requireFeature(tokens, parentheses.expr.position);
  return parentheses;
}

/** Parses an expression in parentheses. After `offset -` Prometheus does not require the feature for them. */
function parseParentheses(tokens: TokenStream): DurationParen {
  const { start } = tokens.position(tokens.take());
  const expr = parseExpression(tokens, 0);
  tokens.expect(')');
  return { kind: 'durationParen', expr, position: tokens.positionFrom(start) };
}

function isDurationFunction(kind: TokenKind): kind is DurationCall['func'] {
  return kind === 'step' || kind === 'range' || kind === 'min_of' || kind === 'max_of';
}

function parseLiteral(tokens: TokenStream): DurationLiteral {
  const position = tokens.position(tokens.peek());
  const { value, duration } = takeNumber(tokens);
  if (!(Math.abs(value) <= MAX_DURATION_S)) throw tokens.error(position, 'duration out of range');
  return {
    kind: 'durationLiteral',
    ms: wholeMs(value),
    seconds: value,
    number: !duration,
    position,
  };
}

/** Parses a call. `sign` is the position of a sign before it, which is then the position of the feature error. */
function parseCall(tokens: TokenStream, func: DurationCall['func'], sign?: Position): Duration {
  const start = tokens.position(tokens.take()).start;
  tokens.expect('(');
  const args: Duration[] = [];
  if (func === 'min_of' || func === 'max_of') {
    args.push(parseExpression(tokens, 0));
    tokens.expect(',');
    args.push(parseExpression(tokens, 0));
  }
  tokens.expect(')');
  const position = tokens.positionFrom(start);
  requireFeature(tokens, sign ?? position);
  return { kind: 'durationCall', func, args, position };
}

/** Checks the depth of chains of operators, which are parsed without recursion. */
function checkDepth(tokens: TokenStream, root: Duration): void {
  let level: readonly Duration[] = [root];
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > MAX_DURATION_DEPTH) throw tokens.tooDeep(root.position);
    level = level.flatMap(operands);
  }
}

function operands(duration: Duration): readonly Duration[] {
  switch (duration.kind) {
    case 'durationLiteral':
      return [];
    case 'durationCall':
      return duration.args;
    case 'durationBinary':
      return [duration.lhs, duration.rhs];
    case 'durationUnary':
    case 'durationParen':
      return [duration.expr];
  }
}

function requireFeature(tokens: TokenStream, position: Position): void {
  if (!tokens.features.has('promql-duration-expr')) {
    throw tokens.error(position, 'experimental duration expression is not enabled');
  }
}

/**
 * Converts seconds to whole milliseconds, truncated towards zero. A value within half a nanosecond of a millisecond
 * counts as that millisecond, because Prometheus rounds to nanoseconds first. So does a value within the rounding
 * error of a float. Never returns -0.
 */
function wholeMs(seconds: number): number {
  const ms = seconds * 1000;
  const nearest = Math.round(ms);
  const tolerance = 5e-7 + Math.abs(ms) * 2 ** -51;
  return (Math.abs(ms - nearest) <= tolerance ? nearest : Math.trunc(ms)) + 0;
}
