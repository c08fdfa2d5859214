// Medians of interleaved runs, so that disturbances of the machine affect both sides alike.

/** Returns the median of at least one number. For an even count it is the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new Error('median: no values');
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Median wall times. */
export interface Interleaved {
  /** The requests that promfed depends on, sent to the regions directly. */
  readonly baselineMs: number;
  /** The request to promfed. */
  readonly promfedMs: number;
}

/** Number of runs after which the JIT compiler has optimized the hot paths of a server. */
export const WARM_UP_RUNS = 5;

/** Runs both sides in turns, first to warm up and then `runs` times. Returns the median wall time of each. */
export async function interleave(
  runs: number,
  baseline: () => Promise<unknown>,
  promfed: () => Promise<unknown>,
): Promise<Interleaved> {
  for (let run = 0; run < WARM_UP_RUNS; run++) {
    await baseline();
    await promfed();
  }
  const baselineTimes: number[] = [];
  const promfedTimes: number[] = [];
  for (let run = 0; run < runs; run++) {
    baselineTimes.push(await wallMs(baseline));
    promfedTimes.push(await wallMs(promfed));
  }
  return { baselineMs: median(baselineTimes), promfedMs: median(promfedTimes) };
}

async function wallMs(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
