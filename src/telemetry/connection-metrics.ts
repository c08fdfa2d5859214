// Metrics of the connections of clients.

import { Counter, Gauge, type Registry } from 'prom-client';

export interface ConnectionStats {
  readonly open: number;
  /** Number of connections that promfed has closed since the start, by reason. */
  readonly closed: Readonly<Record<string, number>>;
}

/** @param read called for each rendering. */
export function addConnectionMetrics(registers: Registry[], read: () => ConnectionStats): void {
  new Gauge({
    name: 'promfed_http_connections',
    help: 'Open connections of clients.',
    registers,
    collect() {
      this.set(read().open);
    },
  });
  new Counter({
    name: 'promfed_http_connections_closed_total',
    help: 'Connections of clients that a limit has closed, or on which it has rejected a request, by reason.',
    labelNames: ['reason'],
    registers,
    collect() {
      this.reset();
      for (const [reason, count] of Object.entries(read().closed)) this.inc({ reason }, count);
    },
  });
}
