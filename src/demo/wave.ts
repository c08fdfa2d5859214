// Values that look alive yet follow from the time and a seed alone: rates that come and go, counters, gauges, noise.

/** A rate a second that swings around its mean, never below a tenth of it. */
export interface Wave {
  readonly mean: number;
  /** A slow and a quick swing, each a share of the mean: together under 0.9. */
  readonly swings: readonly {
    readonly share: number;
    readonly periodS: number;
    readonly phase: number;
  }[];
}

const TURN = 2 * Math.PI;

/** A number from 0 inclusive to 1 exclusive that follows from its arguments. */
export function chance(seed: number, index: number): number {
  // The mixing of MurmurHash3's finish: neighbours come out unrelated.
  let h = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(index | 0, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32;
}

/** A seed that follows from text. Source: FNV-1a. */
export function seedOf(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
}

/** A wave of its own for each seed. */
export function createWave(mean: number, seed: number): Wave {
  return {
    mean,
    swings: [
      { share: 0.45, periodS: 2400 + 1200 * chance(seed, 1), phase: TURN * chance(seed, 2) },
      { share: 0.2, periodS: 300 + 240 * chance(seed, 3), phase: TURN * chance(seed, 4) },
    ],
  };
}

/** The rate at a time, in seconds since the epoch. */
export function rateAt({ mean, swings }: Wave, timeS: number): number {
  let factor = 1;
  for (const { share, periodS, phase } of swings)
    factor += share * Math.sin((TURN * timeS) / periodS + phase);
  return mean * factor;
}

/** What a counter of the wave has counted between two times: the integral of its rate. */
export function countedBetween({ mean, swings }: Wave, fromS: number, toS: number): number {
  let seconds = toS - fromS;
  for (const { share, periodS, phase } of swings) {
    const angle = (timeS: number): number => (TURN * timeS) / periodS + phase;
    seconds += ((share * periodS) / TURN) * (Math.cos(angle(fromS)) - Math.cos(angle(toS)));
  }
  return mean * seconds;
}

/**
 * When a process that lives `lifeS` at a time began the life that it is in at `timeS`: its counters are reset
 * there. Lives of different seeds end at different times.
 */
export function bornAt(timeS: number, lifeS: number, seed: number): number {
  const shift = lifeS * chance(seed, 5);
  return Math.floor((timeS + shift) / lifeS) * lifeS - shift;
}
