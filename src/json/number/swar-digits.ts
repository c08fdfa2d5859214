// Digits of text, four bytes at a time.

/** Whether four bytes, the first one lowest, are digits: their high halves are 3, and stay so when 6 is added. */
export function areDigits(word: number): boolean {
  return ((word & 0xf0f0f0f0) | (((word + 0x06060606) & 0xf0f0f0f0) >>> 4)) === 0x33333333;
}

/** How many of four bytes, from the lowest on, are digits before the first that is none. */
export function countDigits(word: number): number {
  const others = ((word & 0xf0f0f0f0) ^ 0x30303030) | (((word + 0x06060606) & 0xf0f0f0f0) ^ 0x30303030);
  return others === 0 ? 4 : (31 - Math.clz32(others & -others)) >>> 3;
}

/** What the first `count` digits of four bytes, the first one lowest, read as. */
export function firstDigits(word: number, count: number): number {
  const all = word - 0x30303030;
  // A shift by 32 would be none.
  const digits = count === 4 ? all : (all << 8) << (24 - 8 * count);
  const pairs = Math.imul(digits, 10) + (digits >>> 8);
  return (pairs & 0xff) * 100 + ((pairs >>> 16) & 0xff);
}

/** What four digits read as: neighbours are joined to two numbers below 100, and those to one. */
export function fourDigits(word: number): number {
  const digits = word - 0x30303030;
  const pairs = Math.imul(digits, 10) + (digits >>> 8);
  return (pairs & 0xff) * 100 + ((pairs >>> 16) & 0xff);
}
