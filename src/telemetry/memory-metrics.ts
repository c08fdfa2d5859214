// The metrics of the memory budget, and of who may run.

import { Counter, Gauge, type Registry } from 'prom-client';

/** What is held and who waits, as of now. */
export interface MemoryStats {
  readonly limitBytes: number;
  readonly budgetBytes: number;
  readonly heldBytes: number;
  readonly inFlight: number;
  readonly queued: number;
  /** How often something was refused since the start, by reason. */
  readonly rejections: Readonly<Record<string, number>>;
}

/** @param read asked at each rendering. */
export function addMemoryMetrics(registers: Registry[], read: () => MemoryStats): void {
  const gauge = (name: string, help: string, figure: (figures: MemoryStats) => number): void => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(figure(read()));
      },
    });
  };
  gauge(
    'promfed_memory_limit_bytes',
    'What the process is to stay below: its share of --memory.',
    ({ limitBytes }) => limitBytes,
  );
  gauge(
    'promfed_memory_budget_bytes',
    'What all queries together may hold of it.',
    ({ budgetBytes }) => budgetBytes,
  );
  gauge(
    'promfed_memory_held_bytes',
    "What they hold now, by the budget's count, with what each has reserved.",
    ({ heldBytes }) => heldBytes,
  );
  gauge(
    'promfed_queries_in_flight',
    'Queries and metadata requests that run now.',
    ({ inFlight }) => inFlight,
  );
  gauge('promfed_queries_queued', 'Those that wait for memory or for their turn.', ({ queued }) => queued);
  new Counter({
    name: 'promfed_queries_refused_total',
    help: 'Queries and metadata requests that were refused or ended by a limit of memory or of turns, by reason.',
    labelNames: ['reason'],
    registers,
    collect() {
      this.reset();
      for (const [reason, count] of Object.entries(read().rejections)) this.inc({ reason }, count);
    },
  });
}
