// Parses what stands where a duration is expected: between brackets and after `offset`.

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

/** The largest duration in seconds: 2^63 nanoseconds. */
const MAX_SECONDS = 2 ** 63 / 1e9;

/** Parses the range or the step between brackets: a literal greater than zero, or any expression. */
export function parsePositiveDuration(tokens: TokenStream): Duration {
  const duration = parseExpression(tokens, 0);
  checkDepth(tokens, duration);
  // Less than a millisecond would be none: time is in whole milliseconds here, as it is in Prometheus' storage.
  if (duration.kind === 'durationLiteral' && duration.ms <= 0) {
    throw tokens.error(duration.position, 'duration must be greater than 0');
  }
  return duration;
}

/**
 * Parses what follows `offset`: a literal or a call with a sign or without, or an expression between parentheses.
 * Operators after it are not part of it (`a offset 1m + 1m` adds 60), except after parentheses, which the grammar
 * of Prometheus reads as far as it can: `a offset (1m) * 2` is offset by two minutes.
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
  const { kind } = tokens.peek();
  const operand =
    kind === '+' || kind === '-'
      ? parseSigned(tokens)
      : kind === '('
        ? parseParentheses(tokens)
        : isCall(kind)
          ? parseCall(tokens, kind, tokens.position(sign))
          : parseLiteral(tokens);
  return negateIf(tokens, sign, operand);
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

/** Parses a sign, which must be next, and what it belongs to. */
function parseSigned(tokens: TokenStream): Duration {
  const sign = tokens.take();
  return negateIf(tokens, sign, parseExpression(tokens, UNARY_PRECEDENCE + 1));
}

/** What a sign makes of its operand: a literal of its own, a negation, or nothing. */
function negateIf(tokens: TokenStream, sign: Token, operand: Duration): Duration {
  const position = tokens.positionFrom(tokens.position(sign).start);
  const minus = sign.kind === '-';
  if (operand.kind === 'durationLiteral') {
    const seconds = minus ? -operand.seconds : operand.seconds;
    return { ...operand, seconds, ms: wholeMs(seconds), position };
  }
  return minus ? { kind: 'durationUnary', op: '-', expr: operand, position } : operand;
}

function parsePrimary(tokens: TokenStream): Duration {
  const { kind } = tokens.peek();
  if (isCall(kind)) return parseCall(tokens, kind);
  if (kind !== '(') return parseLiteral(tokens);
  const parentheses = parseParentheses(tokens);
  requireFeature(tokens, parentheses.expr.position);
  return parentheses;
}

/** Parses an expression between parentheses. After `offset -` they need no feature, a gap that Prometheus has. */
function parseParentheses(tokens: TokenStream): DurationParen {
  const { start } = tokens.position(tokens.take());
  const expr = parseExpression(tokens, 0);
  tokens.expect(')');
  return { kind: 'durationParen', expr, position: tokens.positionFrom(start) };
}

function isCall(kind: TokenKind): kind is DurationCall['func'] {
  return kind === 'step' || kind === 'range' || kind === 'min_of' || kind === 'max_of';
}

function parseLiteral(tokens: TokenStream): DurationLiteral {
  const position = tokens.position(tokens.peek());
  const { value, duration } = takeNumber(tokens);
  if (!(Math.abs(value) <= MAX_SECONDS)) throw tokens.error(position, 'duration out of range');
  return {
    kind: 'durationLiteral',
    ms: wholeMs(value),
    seconds: value,
    number: !duration,
    position,
  };
}

/** Parses a call; `sign` is where a sign before it stands, which is then where it is reported. */
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

/** Chains of operators are as deep as they are long, though they need no recursion here. */
function checkDepth(tokens: TokenStream, root: Duration): void {
  let level: readonly Duration[] = [root];
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > MAX_DURATION_DEPTH) throw tokens.tooDeep(root.position);
    level = level.flatMap(parts);
  }
}

function parts(duration: Duration): readonly Duration[] {
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
 * Seconds to whole milliseconds, cut towards zero. Half a nanosecond short of a millisecond is one, as Prometheus
 * rounds to nanoseconds first, and so is what a float of this size cannot tell from one. Never -0.
 */
function wholeMs(seconds: number): number {
  const ms = seconds * 1000;
  const nearest = Math.round(ms);
  const tolerance = 5e-7 + Math.abs(ms) * 2 ** -51;
  return (Math.abs(ms - nearest) <= tolerance ? nearest : Math.trunc(ms)) + 0;
}
