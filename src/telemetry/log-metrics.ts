// Metrics of the log.

import { Counter, type Registry } from 'prom-client';

/** @param dropped returns the number of lines that were not written. Called for each rendering. */
export function addLogMetrics(registers: Registry[], dropped: () => number): void {
  new Counter({
    name: 'promfed_log_lines_dropped_total',
    help: 'Lines of the log that were dropped because standard error was closed, full or not read.',
    registers,
    collect() {
      this.reset();
      this.inc(dropped());
    },
  });
}
