// The frame of a benchmark against real servers: checks that they are available, stops them in the end, reports.

import { withoutRealServers } from '../test/helpers/real-servers/real-servers.js';
import type { Teardown } from '../test/helpers/real-servers/server-process.js';
import { type Figure, report } from './report.js';

/** Adds a figure. @param atMost goal: upper bound, inclusive. */
export type AddFigure = (metric: string, value: number, unit: string, atMost?: number) => void;

export interface Benchmark {
  /** Registers functions that are called, last first, when the benchmark has ended. */
  readonly t: Teardown;
  /** Figures in the order of the report. */
  readonly figures: Figure[];
  /** Returns a function that adds figures of one case. */
  figuresOf(name: string): AddFigure;
  /** Runs `measure`, then reports the figures. */
  run(measure: () => Promise<void>): Promise<void>;
}

/** Creates a benchmark. Without real servers it prints the reason and exits with status 1. */
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
    figuresOf: (name) => (metric, value, unit, atMost) => {
      figures.push({ case: name, metric, value, unit, ...(atMost === undefined ? {} : { atMost }) });
    },
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
