// The longest turn of the event loop during a piece of work, in CPU time, as a multiple of a calibration loop.

/** Iterations of the calibration loop: about 20 ms on a machine of 2024. */
const ITERATIONS = 4_000_000;

/**
 * Returns the longest turn of the event loop while `work` runs, relative to the CPU time of a loop that takes about 20 ms.
 * Other processes and slow machines do not make it longer.
 */
export async function longestTurn(work: () => Promise<unknown>): Promise<number> {
  const unitMs = calibrate();
  let longestMs = 0;
  let runs = true;
  let last = process.cpuUsage();
  const tick = (): void => {
    const { user, system } = process.cpuUsage(last);
    longestMs = Math.max(longestMs, (user + system) / 1000);
    last = process.cpuUsage();
    if (runs) setImmediate(tick);
  };
  setImmediate(tick);
  try {
    await work();
  } finally {
    runs = false;
  }
  tick();
  return longestMs / unitMs;
}

let sink = 0;

/** Returns the median CPU time of three runs of a loop over a table, in milliseconds. */
function calibrate(): number {
  const table = Float64Array.from({ length: 1024 }, (_, i) => i);
  const times = Array.from({ length: 3 }, () => {
    const before = process.cpuUsage();
    for (let i = 0; i < ITERATIONS; i++) sink += table[(i * 31) & 1023]! / (1 + (i & 7));
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  });
  if (Number.isNaN(sink)) throw new Error('the loop must not be removed');
  return Math.max(5, times.sort((a, b) => a - b)[1]!);
}
