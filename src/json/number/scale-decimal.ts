// Multiplies by powers of ten, exactly rounded or not at all.

import { MAX_POWER, POWER_STRIDE, POWERS, SPLITTER } from './powers-of-ten.js';

/** Two roundings that enclose the true value agree; their distance from the computed one, as a part of it. */
const DOUBT = 2 ** -100;

/**
 * (high + low) · 10^exponent, exactly rounded; NaN when this way cannot prove it.
 *
 * `low` is at most half a unit in the last place of `high`. The product is taken as a sum of two doubles, product and
 * rest, that is off by less than 2⁻¹⁰² of it. So the true value lies between the rest made smaller and larger by
 * 2⁻¹⁰⁰; when both round to the same double, so does the true value.
 */
export function scaleDecimal(high: number, low: number, exponent: number): number {
  if (exponent < -MAX_POWER || exponent > MAX_POWER) return NaN;
  const i = (exponent + MAX_POWER) * POWER_STRIDE;
  const power = POWERS[i]!;
  const product = high * power;
  const spread = SPLITTER * high;
  const top = spread - (spread - high);
  const bottom = high - top;
  const powerTop = POWERS[i + 2]!;
  const powerBottom = POWERS[i + 3]!;
  // What rounding took from the product, exactly (Dekker).
  const lost = top * powerTop - product + top * powerBottom + bottom * powerTop + bottom * powerBottom;
  const rest = lost + (high * POWERS[i + 1]! + low * power);
  const doubt = product * DOUBT;
  const least = product + (rest - doubt);
  return least === product + (rest + doubt) ? least : NaN;
}
