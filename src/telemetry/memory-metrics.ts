// Metrics of the memory budget and of admission.

import { Counter, Gauge, type Registry } from 'prom-client';

/** Current use of memory, and the requests that run or wait for it. */
export interface MemoryStats {
  readonly limitBytes: number;
  readonly budgetBytes: number;
  readonly heldBytes: number;
  readonly inFlight: number;
  readonly queued: number;
  /** Number of collections of garbage for want of memory since the start. */
  readonly collections: number;
  /** Number of rejections since the start, by reason. */
  readonly rejections: Readonly<Record<string, number>>;
}

/** @param read called for each rendering. */
export function addMemoryMetrics(registers: Registry[], read: () => MemoryStats): void {
  const gauge = (name: string, help: string, valueOf: (stats: MemoryStats) => number): void => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(valueOf(read()));
      },
    });
  };
  gauge(
    'promfed_memory_limit_bytes',
    'Memory limit of the process: its share of --memory.',
    ({ limitBytes }) => limitBytes,
  );
  gauge(
    'promfed_memory_budget_bytes',
    'Memory that all queries together may hold.',
    ({ budgetBytes }) => budgetBytes,
  );
  gauge(
    'promfed_memory_held_bytes',
    'Memory that queries hold now, by the count of the budget, reservations included.',
    ({ heldBytes }) => heldBytes,
  );
  gauge('promfed_queries_in_flight', 'Running queries and metadata requests.', ({ inFlight }) => inFlight);
  gauge(
    'promfed_queries_queued',
    'Queries and metadata requests that wait for memory or for a free slot.',
    ({ queued }) => queued,
  );
  new Counter({
    name: 'promfed_memory_pressure_collections_total',
    help: 'Collections of garbage because the process came close to its memory limit. Many of them ask for more --memory.',
    registers,
    collect() {
      this.reset();
      this.inc(read().collections);
    },
  });
  new Counter({
    name: 'promfed_queries_refused_total',
    help: 'Queries and metadata requests rejected or ended by a limit on memory or concurrency, by reason.',
    labelNames: ['reason'],
    registers,
    collect() {
      this.reset();
      for (const [reason, count] of Object.entries(read().rejections)) this.inc({ reason }, count);
    },
  });
}
