// Pieces of the random expressions of the union tests: texts with the properties of their values.

/** An expression with the properties of its values. */
export interface Piece {
  readonly text: string;
  /** True when values may not be short binary fractions, so that their sums are rounded. */
  readonly inexact: boolean;
  /** True when the last digits depend on the order of a sum or on a mathematical library. */
  readonly noisy: boolean;
  /** True when series may differ only in their names. */
  readonly alike: boolean;
}

export const exact = (text: string, alike = false): Piece => ({ text, inexact: false, noisy: false, alike });
export const of = (text: string, piece: Piece, changes: Partial<Piece> = {}): Piece => ({
  ...piece,
  ...changes,
  text,
});

/** Functions whose result, or its presence, depends on the last digit of a value. */
export const JUMPS = new Set([
  'ceil',
  'floor',
  'round',
  'sgn',
  'minute',
  'day_of_week',
  '%',
  'changes',
  'resets',
]);
export const COMPARISONS = ['==', '!=', '<', '<=', '>', '>='];

/** Applies an operator to two pieces. Operators that amplify the noise of values are replaced by `*`. */
export function operation(a: Piece, op: string, b: Piece, matching = ''): Piece {
  const noisy = a.noisy || b.noisy;
  const jumps = COMPARISONS.includes(op.split(' ')[0]!) || JUMPS.has(op) || op === '-' || op === '+';
  const used = noisy && jumps ? '*' : op;
  const rounds = !['+', '-'].includes(used) && !COMPARISONS.includes(used.split(' ')[0]!);
  // The last digit of `^` and atan2 depends on the library.
  return {
    text: `(${a.text}) ${used} ${matching}(${b.text})`,
    inexact: a.inexact || b.inexact || rounds,
    noisy: noisy || used === '^' || used === 'atan2',
    alike: a.alike || b.alike,
  };
}

/**
 * A filter that keeps matches unique. An element that a filter drops is a second match for promfed and for Prometheus
 * after 3.9, but not for earlier versions.
 */
export function keeping(op: string): string {
  return COMPARISONS.includes(op) ? `${op} bool` : op;
}

/** Aggregates a piece. The spread of noisy values is replaced by `max`. */
export function aggregated(op: string, by: string, v: Piece, parameter = ''): Piece {
  const sums = op === 'sum' || op === 'avg';
  const spreads = op === 'stddev' || op === 'stdvar';
  const used = spreads && v.noisy ? 'max' : op;
  return {
    text: `${used} ${by} (${parameter}${v.text})`,
    inexact: v.inexact || op === 'avg' || spreads || op === 'quantile',
    noisy: v.noisy || spreads || (sums && v.inexact),
    alike: false,
  };
}

/**
 * Returns the parameter of an aggregation. If `@` may fix the operand, it is a number: Prometheus evaluates parameters over
 * fixed operands at the first step only.
 */
export function paramOver({ text }: Piece, param: string, number: string): string {
  return text.includes(' @ ') ? number : param;
}
