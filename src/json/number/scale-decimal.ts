// Multiplication by powers of ten with proven rounding.

import { MAX_POWER, POWER_STRIDE, POWERS, SPLITTER } from './powers-of-ten.js';

/** Upper bound on the error of the computed sum, relative to the product. The proof below needs 2⁻¹⁰². */
const MAX_RELATIVE_ERROR = 2 ** -100;

/**
 * Returns (high + low) · 10^exponent, correctly rounded; NaN when the rounding cannot be proven.
 *
 * `low` is at most half a unit in the last place of `high`. The result is computed as product + rest, whose relative
 * error is below 2⁻¹⁰². The exact result therefore lies between product + (rest ± error), and when both bounds round to
 * the same double, so does the exact result.
 */
export function scaleDecimal(high: number, low: number, exponent: number): number {
  if (exponent < -MAX_POWER || exponent > MAX_POWER) return NaN;
  const i = (exponent + MAX_POWER) * POWER_STRIDE;
  const power = POWERS[i]!;
  const product = high * power;
  const spread = SPLITTER * high;
  const highTop = spread - (spread - high);
  const highBottom = high - highTop;
  const powerTop = POWERS[i + 2]!;
  const powerBottom = POWERS[i + 3]!;
  // The exact rounding error of the product (Dekker).
  const lost =
    highTop * powerTop - product + highTop * powerBottom + highBottom * powerTop + highBottom * powerBottom;
  const rest = lost + (high * POWERS[i + 1]! + low * power);
  const error = product * MAX_RELATIVE_ERROR;
  const lower = product + (rest - error);
  return lower === product + (rest + error) ? lower : NaN;
}
