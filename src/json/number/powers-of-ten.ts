// Powers of ten as doubles: exact ones, and larger ones with their rounding error.

/** Exponent of the largest power of ten that is an exact double. */
export const MAX_EXACT_POWER = 22;

/** 10⁰ … 10²², each exact. */
export const EXACT_POWERS: Float64Array = Float64Array.from({ length: MAX_EXACT_POWER + 1 }, (_, i) =>
  Number(10n ** BigInt(i)),
);

/** `POWERS` contains 10^e for −MAX_POWER ≤ e ≤ MAX_POWER. */
export const MAX_POWER = 64;

/** Number of doubles in each entry of `POWERS`. */
export const POWER_STRIDE = 4;

/** Splits a double: `SPLITTER * x − (SPLITTER * x − x)` is the high half of `x` (Veltkamp). */
export const SPLITTER = 2 ** 27 + 1;

/**
 * Four doubles for each e from −MAX_POWER on: 10^e rounded; 10^e minus that, rounded; and the high and the low half of
 * the first one. A half has at most 26 bits, so that products of halves are exact.
 */
export const POWERS: Float64Array = makePowers();

function makePowers(): Float64Array {
  const powers = new Float64Array((2 * MAX_POWER + 1) * POWER_STRIDE);
  for (let e = -MAX_POWER; e <= MAX_POWER; e++) {
    const rounded = Number(`1e${e}`);
    const product = SPLITTER * rounded;
    const high = product - (product - rounded);
    powers.set([rounded, roundingError(e, rounded), high, rounded - high], (e + MAX_POWER) * POWER_STRIDE);
  }
  return powers;
}

/** Returns 10^e − rounded, rounded to a double. */
function roundingError(e: number, rounded: number): number {
  if (e >= 0) return Number(10n ** BigInt(e) - BigInt(rounded));
  const denominator = 10n ** BigInt(-e);
  // rounded = mantissa · 2^−shift, exactly.
  let shift = 0;
  let mantissa = rounded;
  while (!Number.isInteger(mantissa)) {
    mantissa *= 2;
    shift++;
  }
  const numerator = (1n << BigInt(shift)) - BigInt(mantissa) * denominator;
  const SCALE = 128;
  return (Number((numerator << BigInt(SCALE)) / denominator) / 2 ** SCALE) * 2 ** -shift;
}
