// Deterministic random numbers, so that every run of a benchmark has the same data.

/** Returns a replacement for Math.random. */
export function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state >>> 0) / 2 ** 32;
  };
}
