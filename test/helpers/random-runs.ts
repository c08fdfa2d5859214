// The number of random runs of a property test, and its seed.

const RUNS = process.env['PROMFED_RUNS'];
const SEED = process.env['PROMFED_SEED'];
const IS_FAST = process.env['PROMFED_FAST'] === '1';
/** Share of the usual runs in `npm test -- --fast`. */
const FAST_SHARE = 1 / 20;

/** Returns PROMFED_RUNS if it is set, else `usual`, or a twentieth of it but at least 10 in a fast run. */
export function randomRuns(usual: number): number {
  if (RUNS !== undefined) return Number(RUNS);
  return IS_FAST ? Math.max(Math.min(usual, 10), Math.ceil(usual * FAST_SHARE)) : usual;
}

/** Returns PROMFED_SEED if it is set, else `usual`, or another seed each time when `usual` is left out. */
export function randomSeed(usual = Date.now() % 1_000_000): number {
  return SEED === undefined ? usual : Number(SEED);
}
