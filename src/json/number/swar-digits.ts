// Decimal digits, four bytes at a time (SIMD within a register). The first byte of a word is the lowest one.

/** Reports whether all four bytes are digits: each high half is 3, and stays 3 when 6 is added. */
export function areDigits(word: number): boolean {
  return ((word & 0xf0f0f0f0) | (((word + 0x06060606) & 0xf0f0f0f0) >>> 4)) === 0x33333333;
}

/** Returns the number of digits before the first byte that is not a digit. */
export function countDigits(word: number): number {
  const others = ((word & 0xf0f0f0f0) ^ 0x30303030) | (((word + 0x06060606) & 0xf0f0f0f0) ^ 0x30303030);
  return others === 0 ? 4 : (31 - Math.clz32(others & -others)) >>> 3;
}

/** Returns the number that the first `count` digits represent. */
export function parseDigits(word: number, count: number): number {
  // JavaScript takes shift distances modulo 32, so a shift by 32 would do nothing.
  return count === 4 ? parseFourDigits(word) : joinDigits(((word - 0x30303030) << 8) << (24 - 8 * count));
}

/** Returns the number that four digits represent. */
export function parseFourDigits(word: number): number {
  return joinDigits(word - 0x30303030);
}

/** Joins neighbouring digits to two numbers below 100, and those to one number. */
function joinDigits(digits: number): number {
  const pairs = Math.imul(digits, 10) + (digits >>> 8);
  return (pairs & 0xff) * 100 + ((pairs >>> 16) & 0xff);
}
