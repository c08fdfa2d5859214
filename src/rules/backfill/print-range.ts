/** Prints a range of time in UTC. */
export function printRange(fromMs: number, untilMs: number): string {
  return `${new Date(fromMs).toISOString()} to ${new Date(untilMs).toISOString()}`;
}
