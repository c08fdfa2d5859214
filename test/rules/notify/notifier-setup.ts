// A notifier and its Alertmanagers, for tests that move time themselves.

import type { Test } from 'tap';

import type { AlertmanagerSettings } from '../../../src/config/index.js';
import type { DiscoveredTarget, TargetSource } from '../../../src/discovery/index.js';
import { Labels, type RelabelSettings } from '../../../src/model/index.js';
import { createNotifier, type Notifier, type NotifierOptions } from '../../../src/rules/notify/index.js';
import { NO_LOG } from '../../../src/runtime/index.js';
import { ManualTimers } from '../../helpers/runtime/manual-timers.js';
import {
  answersWith,
  startFaultServer,
  type Fault,
  type FaultServer,
} from '../../helpers/upstreams/fault-server.js';
import { RecordedMetrics } from './settings.js';

export const accepts = answersWith(200, {}, '');

export interface Setup {
  readonly notifier: Notifier;
  readonly metrics: RecordedMetrics;
  readonly timers: ManualTimers;
  readonly log: { readonly message: string; readonly fields: Record<string, unknown> }[];
}

export function setUp(
  t: Test,
  alertmanagers: readonly AlertmanagerSettings[],
  overrides: Partial<NotifierOptions> = {},
  relabel: readonly RelabelSettings[] = [],
): Setup {
  const timers = new ManualTimers();
  const metrics = new RecordedMetrics();
  const log: Setup['log'] = [];
  const notifier = createNotifier(
    { relabel, alertmanagers },
    {
      externalLabels: Labels.EMPTY,
      queueCapacity: 10_000,
      version: '1.2.3',
      background: {
        timers,
        log: { ...NO_LOG, warn: (fields, message) => log.push({ message, fields: { ...fields } }) },
      },
      metrics,
      drainMs: 0,
      ...overrides,
    },
  );
  t.teardown(async () => {
    const closed = notifier.close();
    await timers.pass(0);
    await closed;
  });
  return { notifier, metrics, timers, log };
}

export async function startServer(t: Test, fault: Fault = accepts): Promise<FaultServer> {
  const server = await startFaultServer(fault);
  t.teardown(() => server.close());
  return server;
}

export const urlOf = ({ target }: FaultServer): string => `http://${target}/api/v2/alerts`;

export interface SentAlert {
  readonly labels: Record<string, string>;
}

/** The alerts of each request. */
export function received({ requests }: FaultServer): SentAlert[][] {
  return requests.map(({ body }) => JSON.parse(body) as SentAlert[]);
}

export function namesOf(server: FaultServer): string[] {
  return received(server)
    .flat()
    .map(({ labels }) => labels['alertname']!);
}

/** A source whose targets a test changes. */
export class ChangingSource implements TargetSource {
  targets: readonly DiscoveredTarget[] = [];
  isClosed = false;
  #listener: () => void = () => undefined;

  set(...servers: readonly { readonly target: string }[]): void {
    this.targets = servers.map(({ target }) => ({ address: target, labels: Labels.EMPTY }));
    this.#listener();
  }

  onChange(listener: () => void): void {
    this.#listener = listener;
  }

  close(): void {
    this.isClosed = true;
  }
}
