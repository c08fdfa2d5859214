// The interval of a series, from the distances between its samples.

/** Distance between two samples, in intervals of the series, from which on samples are missing between them. */
export const MIN_GAP = 1.5;
/** Number of distances on one side from which the interval of a series is estimated. */
export const NEIGHBOURS = 8;
/** Minimum number of distances of one copy. With fewer, those of another copy are used too. */
export const MIN_DISTANCES = 3;

/** Adds the distances between the samples from `first` to `last`, both inclusive. */
export function addDistances(distances: number[], times: Float64Array, first: number, last: number): void {
  const end = Math.min(last, times.length - 1);
  for (let i = Math.max(first, 0); i < end; i++) distances.push(times[i + 1]! - times[i]!);
}

/** Returns the lower median of the distances, rounded. NaN for none. Sorts the distances. */
export function medianInterval(distances: number[]): number {
  if (distances.length === 0) return NaN;
  distances.sort((x, y) => x - y);
  return roundInterval(distances[(distances.length - 1) >> 1]!);
}

/** Rounds to a multiple of 5 s, or of 1 s below 10 s. Intervals below 1 s are not rounded. */
export function roundInterval(ms: number): number {
  if (ms < 1000) return ms;
  const unit = ms < 10_000 ? 1000 : 5000;
  return Math.round(ms / unit) * unit;
}
