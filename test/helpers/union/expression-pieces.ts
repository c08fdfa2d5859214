// Pieces of the random expressions of the union tests: texts, and what is known of the values they will have.

/** An expression, and what is known of its values. */
export interface Piece {
  readonly text: string;
  /** Not a multiple of a power of two with few digits: sums of it round. */
  readonly inexact: boolean;
  /** The last digits depend on who summed what first, or on a library of mathematics. */
  readonly noisy: boolean;
  /** Series may be equal but for their names. */
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

/** An operator between two pieces; another one where this would tell noise from noise. */
export function operation(a: Piece, op: string, b: Piece, matching = ''): Piece {
  const noisy = a.noisy || b.noisy;
  const jumps = COMPARISONS.includes(op.split(' ')[0]!) || JUMPS.has(op) || op === '-' || op === '+';
  const used = noisy && jumps ? '*' : op;
  const rounds = !['+', '-'].includes(used) && !COMPARISONS.includes(used.split(' ')[0]!);
  // A power's last digit is that of a library.
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

/** An aggregation; another one where this would tell noise from noise. */
export function aggregated(op: string, by: string, v: Piece, parameter = ''): Piece {
  const sums = op === 'sum' || op === 'avg';
  const spreads = op === 'stddev' || op === 'stdvar';
  // Spread is a difference, which is noise when its terms are.
  const used = spreads && v.noisy ? 'max' : op;
  return {
    text: `${used} ${by} (${parameter}${v.text})`,
    inexact: v.inexact || op === 'avg' || spreads || op === 'quantile',
    noisy: v.noisy || spreads || (sums && v.inexact),
    alike: false,
  };
}
