// What every benchmark beside real servers begins and ends with: the servers are at hand, all that was started is
// ended, and the figures are written down.

import { withoutRealServers } from '../test/helpers/real-servers/real-servers.js';
import type { Teardown } from '../test/helpers/real-servers/server-process.js';
import { type Figure, report } from './report.js';

export interface Benchmark {
  /** Ends what is started with it when the benchmark is over. */
  readonly t: Teardown;
  /** Reported in the order in which they are added. */
  readonly figures: Figure[];
  /** Runs `measure`, and reports the figures when it is through. */
  run(measure: () => Promise<void>): Promise<void>;
}

/** Ends the process with 1, and says why, where there are no real servers. */
export function createBenchmark(name: string): Benchmark {
  const obstacle = withoutRealServers();
  if (obstacle !== false) {
    console.error(obstacle);
    process.exit(1);
  }
  const handlers: (() => void | Promise<void>)[] = [];
  const figures: Figure[] = [];
  return {
    t: { teardown: (handler) => handlers.push(handler) },
    figures,
    async run(measure) {
      try {
        await measure();
      } finally {
        for (const handler of handlers.reverse()) await handler();
      }
      console.log(`\nwritten to ${report(name, figures)}`);
    },
  };
}
