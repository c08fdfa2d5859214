// Powers of ten as doubles, exact where a double can be, else with the part that a double leaves out.

/** The largest power of ten that a double holds exactly. */
export const MAX_EXACT_POWER = 22;

/** 10⁰ … 10²², each exact. */
export const EXACT_POWERS: Float64Array = Float64Array.from({ length: MAX_EXACT_POWER + 1 }, (_, i) =>
  Number(10n ** BigInt(i)),
);

/** `POWERS` has 10^e for −MAX_POWER ≤ e ≤ MAX_POWER. */
export const MAX_POWER = 64;

/** Doubles for each entry of `POWERS`. */
export const POWER_STRIDE = 4;

/**
 * For each e from −MAX_POWER on, four doubles: 10^e rounded; what is missing of 10^e, rounded; and the first one split
 * into a high and a low half of at most 26 bits each, so that products of halves are exact.
 */
export const POWERS: Float64Array = makePowers();

/** Splits a double: `SPLITTER * x − (SPLITTER * x − x)` is its high half (Veltkamp). */
export const SPLITTER = 2 ** 27 + 1;

function makePowers(): Float64Array {
  const powers = new Float64Array((2 * MAX_POWER + 1) * POWER_STRIDE);
  for (let e = -MAX_POWER; e <= MAX_POWER; e++) {
    const rounded = Number(`1e${e}`);
    const product = (2 ** 27 + 1) * rounded;
    const high = product - (product - rounded);
    powers.set([rounded, missing(e, rounded), high, rounded - high], (e + MAX_POWER) * POWER_STRIDE);
  }
  return powers;
}

/** 10^e − rounded, as a double. */
function missing(e: number, rounded: number): number {
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
