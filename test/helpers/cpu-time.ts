// CPU time of a piece of work, for bounds on its complexity.

/** Returns the CPU time of this process during `run`, in milliseconds: other processes do not make it longer. */
export function cpuTimeMs(run: () => void): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
