// Evaluation of durations to milliseconds.

import { maxOf, minOf, MAX_DURATION_S, PromfedError } from '../../model/index.js';
import type { Duration, DurationBinary, DurationCall } from './ast.js';

/** The values of `step()` and `range()`: the query's step and the span from its start to its end. */
export interface DurationContext {
  readonly stepMs: number;
  readonly rangeMs: number;
}

/**
 * Returns a duration in whole milliseconds, truncated towards zero. The result may be zero or negative, as in
 * offsets.
 *
 * Source: Prometheus, promql/durations.go: expressions are evaluated in seconds, as floats.
 *
 * @throws PromfedError `execution` for a division by zero and for a result that exceeds 2^63 nanoseconds or is NaN.
 */
export function resolveDuration(duration: Duration, context: DurationContext): number {
  if (duration.kind === 'durationLiteral') return duration.ms;
  const seconds = evalSeconds(duration, context);
  if (!(Math.abs(seconds) <= MAX_DURATION_S)) {
    throw new PromfedError('execution', `${byteRange(duration)}: duration is out of range`);
  }
  return Math.trunc(seconds * 1000) + 0;
}

/**
 * Returns a range or a step in whole milliseconds, greater than zero.
 *
 * @throws PromfedError `execution` for the errors of resolveDuration and for a result of zero or less.
 */
export function resolvePositiveDuration(duration: Duration, context: DurationContext): number {
  const ms = resolveDuration(duration, context);
  if (ms <= 0) throw new PromfedError('execution', `${byteRange(duration)}: duration must be greater than 0`);
  return ms;
}

/** Prints a position as `START:END` in bytes, as Prometheus does in these errors. */
function byteRange({ position }: Duration): string {
  return `${position.start}:${position.end}`;
}

function evalSeconds(duration: Duration, context: DurationContext): number {
  switch (duration.kind) {
    case 'durationLiteral':
      return duration.seconds;
    case 'durationParen':
      return evalSeconds(duration.expr, context);
    case 'durationUnary':
      return -evalSeconds(duration.expr, context);
    case 'durationCall':
      return evalCall(duration, context);
    case 'durationBinary':
      return evalBinary(duration, context);
  }
}

function evalCall({ func, args }: DurationCall, context: DurationContext): number {
  switch (func) {
    case 'step':
      return context.stepMs / 1000;
    case 'range':
      return context.rangeMs / 1000;
    case 'min_of':
      return minOf(args.map((arg) => evalSeconds(arg, context)));
    case 'max_of':
      return maxOf(args.map((arg) => evalSeconds(arg, context)));
  }
}

function evalBinary(duration: DurationBinary, context: DurationContext): number {
  const lhs = evalSeconds(duration.lhs, context);
  const rhs = evalSeconds(duration.rhs, context);
  switch (duration.op) {
    case '+':
      return lhs + rhs;
    case '-':
      return lhs - rhs;
    case '*':
      return lhs * rhs;
    case '/':
      if (rhs === 0) throw new PromfedError('execution', `${byteRange(duration)}: division by zero`);
      return lhs / rhs;
    case '%':
      if (rhs === 0) throw new PromfedError('execution', `${byteRange(duration)}: modulo by zero`);
      return lhs % rhs;
    case '^':
      return lhs ** rhs;
  }
}
