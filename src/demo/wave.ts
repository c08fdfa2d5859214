// Realistic values that depend only on the time and a seed: varying rates, counters and noise.

/** A rate per second that varies around its mean. It is always above a tenth of the mean. */
export interface Wave {
  readonly mean: number;
  /** A slow and a fast oscillation. `share` is the amplitude relative to the mean; they add up to less than 0.9. */
  readonly swings: readonly {
    readonly share: number;
    readonly periodS: number;
    readonly phase: number;
  }[];
}

const TAU = 2 * Math.PI;

/** Returns a pseudo-random number from 0 inclusive to 1 exclusive that depends on the arguments only. */
export function chance(seed: number, index: number): number {
  // The finalizer of MurmurHash3: neighbouring arguments give unrelated numbers.
  let h = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(index | 0, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32;
}

/** Returns a seed for a text: its FNV-1a hash. */
export function seedOf(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
}

/** Creates a wave. Its oscillations depend on the seed. */
export function createWave(mean: number, seed: number): Wave {
  return {
    mean,
    swings: [
      { share: 0.45, periodS: 2400 + 1200 * chance(seed, 1), phase: TAU * chance(seed, 2) },
      { share: 0.2, periodS: 300 + 240 * chance(seed, 3), phase: TAU * chance(seed, 4) },
    ],
  };
}

/** Returns the rate at a time, in seconds since the epoch. */
export function rateAt({ mean, swings }: Wave, timeS: number): number {
  let factor = 1;
  for (const { share, periodS, phase } of swings) factor += share * Math.sin((TAU * timeS) / periodS + phase);
  return mean * factor;
}

/** Returns the count between two times, in seconds since the epoch: the integral of the rate. */
export function countedBetween({ mean, swings }: Wave, fromS: number, toS: number): number {
  let seconds = toS - fromS;
  for (const { share, periodS, phase } of swings) {
    const angle = (timeS: number): number => (TAU * timeS) / periodS + phase;
    seconds += ((share * periodS) / TAU) * (Math.cos(angle(fromS)) - Math.cos(angle(toS)));
  }
  return mean * seconds;
}

/**
 * Returns the start time of the process that runs at `timeS`; both are seconds since the epoch. Processes restart every
 * `lifeS` seconds, at times that depend on the seed.
 */
export function bornAt(timeS: number, lifeS: number, seed: number): number {
  const shift = lifeS * chance(seed, 5);
  return Math.floor((timeS + shift) / lifeS) * lifeS - shift;
}
