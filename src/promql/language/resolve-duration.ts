// Durations to milliseconds: literals as they are, expressions calculated.

import { PromfedError } from '../../model/index.js';
import type { Duration, DurationBinary, DurationCall } from './ast.js';

/** What `step()` and `range()` stand for: the query's step and the span from its start to its end. */
export interface DurationContext {
  readonly stepMs: number;
  readonly rangeMs: number;
}

/** The largest duration in seconds: 2^63 milliseconds' worth would not fit a Go integer of nanoseconds. */
const MAX_SECONDS = 2 ** 63 / 1e9;

/**
 * The whole milliseconds of a duration, cut towards zero; negative and zero ones included, as offsets may be.
 *
 * Source: Prometheus, promql/durations.go: expressions are calculated in seconds, as floats.
 *
 * @throws PromfedError `execution` when it divides by zero or is no number of milliseconds that Prometheus can hold.
 */
export function resolveDuration(duration: Duration, context: DurationContext): number {
  if (duration.kind === 'durationLiteral') return duration.ms;
  const seconds = secondsOf(duration, context);
  if (!(Math.abs(seconds) <= MAX_SECONDS)) {
    throw new PromfedError('execution', `${place(duration)}: duration is out of range`);
  }
  return Math.trunc(seconds * 1000) + 0;
}

/**
 * The whole milliseconds of a range or a step, which must be greater than zero.
 *
 * @throws PromfedError `execution` as resolveDuration does, and when it is zero or less.
 */
export function resolvePositiveDuration(duration: Duration, context: DurationContext): number {
  const ms = resolveDuration(duration, context);
  if (ms <= 0) throw new PromfedError('execution', `${place(duration)}: duration must be greater than 0`);
  return ms;
}

/** Byte offsets, which is how Prometheus names the place in these errors. */
function place({ position }: Duration): string {
  return `${position.start}:${position.end}`;
}

function secondsOf(duration: Duration, context: DurationContext): number {
  switch (duration.kind) {
    case 'durationLiteral':
      return duration.seconds;
    case 'durationParen':
      return secondsOf(duration.expr, context);
    case 'durationUnary':
      return -secondsOf(duration.expr, context);
    case 'durationCall':
      return resultOfCall(duration, context);
    case 'durationBinary':
      return resultOfBinary(duration, context);
  }
}

function resultOfCall({ func, args }: DurationCall, context: DurationContext): number {
  switch (func) {
    case 'step':
      return context.stepMs / 1000;
    case 'range':
      return context.rangeMs / 1000;
    case 'min_of':
      return Math.min(...args.map((arg) => secondsOf(arg, context)));
    case 'max_of':
      return Math.max(...args.map((arg) => secondsOf(arg, context)));
  }
}

function resultOfBinary(duration: DurationBinary, context: DurationContext): number {
  const lhs = secondsOf(duration.lhs, context);
  const rhs = secondsOf(duration.rhs, context);
  switch (duration.op) {
    case '+':
      return lhs + rhs;
    case '-':
      return lhs - rhs;
    case '*':
      return lhs * rhs;
    case '/':
      if (rhs === 0) throw new PromfedError('execution', `${place(duration)}: division by zero`);
      return lhs / rhs;
    case '%':
      if (rhs === 0) throw new PromfedError('execution', `${place(duration)}: modulo by zero`);
      return lhs % rhs;
    case '^':
      return lhs ** rhs;
  }
}
