// Metrics of the supervisor of workers.

import { Counter, Gauge, Registry } from 'prom-client';

import type { MetricsReport } from './reports.js';

export interface WorkerMetrics {
  /** Counts a worker that was started in place of one that exited. */
  replaced(): void;
  /** @param silent the number of running workers that did not report in time. */
  report(running: number, silent: number): Promise<MetricsReport>;
}

export function createWorkerMetrics(): WorkerMetrics {
  const registry = new Registry();
  const registers = [registry];
  const workers = new Gauge({
    name: 'promfed_workers',
    help: 'Processes that answer requests.',
    registers,
  });
  const silentWorkers = new Gauge({
    name: 'promfed_workers_not_reporting',
    help: 'Workers that did not report in time. The sums contain their earlier totals only.',
    registers,
  });
  const restarts = new Counter({
    name: 'promfed_worker_restarts_total',
    help: 'Workers started in place of others that exited.',
    registers,
  });
  return {
    replaced() {
      restarts.inc();
    },
    report(running, silent) {
      workers.set(running);
      silentWorkers.set(silent);
      return registry.getMetricsAsJSON();
    },
  };
}
