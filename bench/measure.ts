// Medians of interleaved runs: what disturbs the machine then disturbs both sides alike.

/** Of at least one number; the mean of the two in the middle when their count is even. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new Error('no median of nothing');
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export interface Interleaved {
  readonly floorMs: number;
  readonly subjectMs: number;
}

/** As often as the compiler of the runtime needs until a server runs as it will run for the rest of its life. */
export const WARM_UP_RUNS = 5;

/** Runs each side a few times to warm up, then `runs` times in turns, and returns the median wall time of each. */
export async function interleave(
  runs: number,
  floor: () => Promise<unknown>,
  subject: () => Promise<unknown>,
): Promise<Interleaved> {
  for (let run = 0; run < WARM_UP_RUNS; run++) {
    await floor();
    await subject();
  }
  const floorTimes: number[] = [];
  const subjectTimes: number[] = [];
  for (let run = 0; run < runs; run++) {
    floorTimes.push(await wallMs(floor));
    subjectTimes.push(await wallMs(subject));
  }
  return { floorMs: median(floorTimes), subjectMs: median(subjectTimes) };
}

async function wallMs(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
