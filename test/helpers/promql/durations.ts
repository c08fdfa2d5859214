// Random durations of PromQL for property tests: literals, and expressions over them.

import fc from 'fast-check';

import type { Duration, DurationLiteral } from '../../../src/promql/language/index.js';

/** The position of generated nodes, which are not part of a text. */
export const position = { start: 0, end: 0 };

/** Returns the literal of a number of milliseconds. */
export function literalOf(ms: number): DurationLiteral {
  const rest = ms % 1000;
  return { kind: 'durationLiteral', ms, seconds: (ms - rest) / 1000 + rest / 1000, number: false, position };
}

/** Durations of ranges and steps that are not a single literal. */
export function durationExpr(): fc.Arbitrary<Duration> {
  const part = durationPart(2);
  return fc.oneof(
    durationCall(part),
    part.map((expr): Duration => ({ kind: 'durationParen', expr, position })),
    fc
      .tuple(fc.constantFrom('+', '-', '*', '/', '%', '^'), durationAtom(part), durationAtom(part))
      .map(([op, lhs, rhs]): Duration => ({ kind: 'durationBinary', op, lhs, rhs, position })),
  );
}

/** Durations of offsets that are not a single literal: those that need no parentheses around them (see parseOffset). */
export function offsetExpr(): fc.Arbitrary<Duration> {
  return fc.oneof(
    durationCall(durationPart(1)),
    durationPart(2).map((expr): Duration => ({ kind: 'durationParen', expr, position })),
    durationPart(2).map((expr): Duration => negated({ kind: 'durationParen', expr, position })),
  );
}

/** A part of a duration in parentheses. */
function durationPart(depth: number): fc.Arbitrary<Duration> {
  return depth === 0
    ? durationLeaf()
    : fc.oneof(
        durationLeaf(),
        fc.constant(null).chain(() => durationExprAt(depth)),
      );
}

function durationExprAt(depth: number): fc.Arbitrary<Duration> {
  const part = durationPart(depth - 1);
  return fc
    .tuple(fc.constantFrom('+', '-', '*', '/', '%', '^'), durationAtom(part), durationAtom(part))
    .map(([op, lhs, rhs]): Duration => ({ kind: 'durationBinary', op, lhs, rhs, position }));
}

/** An operand that binds tighter than any operator. Never zero, which cannot be a divisor. */
function durationAtom(part: fc.Arbitrary<Duration>): fc.Arbitrary<Duration> {
  return fc.oneof(
    durationLeaf(),
    durationCall(part),
    part.map((expr): Duration => ({ kind: 'durationParen', expr, position })),
  );
}

function durationLeaf(): fc.Arbitrary<Duration> {
  return fc.oneof(
    fc.integer({ min: 1, max: 1e9 }).map((ms) => literalOf(ms)),
    fc.integer({ min: 1, max: 1000 }).map((n): Duration => ({ ...literalOf(n * 1000), number: true })),
  );
}

function durationCall(part: fc.Arbitrary<Duration>): fc.Arbitrary<Duration> {
  return fc.oneof(
    fc
      .constantFrom('step' as const, 'range' as const)
      .map((func): Duration => ({ kind: 'durationCall', func, args: [], position })),
    fc
      .tuple(fc.constantFrom('min_of' as const, 'max_of' as const), part, part)
      .map(([func, a, b]): Duration => ({ kind: 'durationCall', func, args: [a, b], position })),
  );
}

function negated(expr: Duration): Duration {
  return { kind: 'durationUnary', op: '-', expr, position };
}
