// The notifier and real Alertmanagers: alerts are received, grouped and resolved, whatever other Alertmanagers do.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import t, { type Test } from 'tap';

import type { AlertmanagerSettings } from '../../src/config/index.js';
import { Labels } from '../../src/model/index.js';
import { createNotifier, type Notifier, type NotifierOptions } from '../../src/rules/notify/index.js';
import type { OutgoingAlert } from '../../src/rules/ports.js';
import { createTimers, NO_LOG, systemClock } from '../../src/runtime/index.js';
import {
  ALERTMANAGER_USER,
  startAlertmanager,
  withoutRealServers,
  type RealServer,
} from '../helpers/real-servers/real-servers.js';
import { until, untilFound } from '../helpers/until.js';
import { answersWith, startFaultServer, type FaultServer } from '../helpers/upstreams/fault-server.js';
import { alertmanagerSettings, RecordedMetrics, relabelRule } from '../rules/notify/settings.js';
import { basicAuth, groupSettings } from '../upstreams/settings.js';

const skip = withoutRealServers();
const MINUTE_MS = 60_000;

interface Setup {
  readonly notifier: Notifier;
  readonly metrics: RecordedMetrics;
  /** The reasons of failures. */
  readonly reasons: string[];
}

function start(
  t: Test,
  alertmanagers: readonly AlertmanagerSettings[],
  overrides: Partial<NotifierOptions> = {},
): Setup {
  const metrics = new RecordedMetrics();
  const reasons: string[] = [];
  const notifier = createNotifier(
    { relabel: [], alertmanagers },
    {
      externalLabels: Labels.from({ source: 'promfed' }),
      queueCapacity: 10_000,
      version: '1.2.3',
      background: {
        timers: createTimers(systemClock),
        log: { ...NO_LOG, warn: (fields) => reasons.push(String((fields as { reason?: string }).reason)) },
      },
      metrics,
      drainMs: 0,
      ...overrides,
    },
  );
  notifier.start();
  t.teardown(() => notifier.close());
  return { notifier, metrics, reasons };
}

const hostOf = (server: RealServer): string => `127.0.0.1:${server.port}`;
const apiOf = (server: RealServer): string => `${server.url}/api/v2/alerts`;

/** An alert that fires since a minute, or is resolved since a second. */
function alert(labels: Record<string, string>, isResolved = false): OutgoingAlert {
  const nowMs = Date.now();
  return {
    labels: Labels.from(labels),
    annotations: [['summary', `${labels['alertname']} of ${labels['instance']}`]],
    startsAtMs: nowMs - MINUTE_MS,
    endsAtMs: isResolved ? nowMs - 1000 : nowMs + 4 * MINUTE_MS,
    generatorUrl: 'http://promfed.example/graph?g0.expr=up%3D%3D0&g0.tab=1',
  };
}

interface ReceivedAlert {
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly generatorURL: string;
}

async function alertsOf(url: string, headers: Record<string, string> = {}): Promise<ReceivedAlert[]> {
  const response = await fetch(url, { headers });
  if (!response.ok) throw new Error(`${url}: HTTP ${response.status}`);
  return (await response.json()) as ReceivedAlert[];
}

/** Resolves with the alerts of an Alertmanager when it has at least `count`. */
function untilAlerts(url: string, count: number, headers?: Record<string, string>): Promise<ReceivedAlert[]> {
  return untilFound(async () => {
    const alerts = await alertsOf(url, headers);
    return alerts.length >= count ? alerts : undefined;
  }, `${count} alerts at ${url}`);
}

/** One message of a webhook receiver. */
interface WebhookMessage {
  readonly status: 'firing' | 'resolved';
  readonly groupLabels: Record<string, string>;
  readonly alerts: readonly (ReceivedAlert & { readonly status: 'firing' | 'resolved' })[];
}

function messagesOf({ requests }: FaultServer, alertname: string): WebhookMessage[] {
  return requests
    .map(({ body }) => JSON.parse(body) as WebhookMessage)
    .filter(({ groupLabels }) => groupLabels['alertname'] === alertname);
}

t.test('an Alertmanager receives, groups and resolves alerts', { skip }, async (t) => {
  const webhook = await startFaultServer(answersWith(200, {}, ''));
  t.teardown(() => webhook.close());
  const alertmanager = await startAlertmanager(t, {
    config: {
      route: {
        receiver: 'webhook',
        group_by: ['alertname'],
        group_wait: '300ms',
        group_interval: '200ms',
        repeat_interval: '1h',
      },
      receivers: [{ name: 'webhook', webhook_configs: [{ url: `http://${webhook.target}/` }] }],
    },
  });
  const { notifier, metrics } = start(t, [alertmanagerSettings([hostOf(alertmanager)])]);
  const disk = (instance: string, isResolved = false): OutgoingAlert =>
    alert({ alertname: 'DiskFull', instance, source: 'node' }, isResolved);
  const first = disk('a');
  notifier.send([first, disk('b'), alert({ alertname: 'Down', instance: 'a' })]);

  const received = await untilAlerts(apiOf(alertmanager), 3);
  t.strictSame(
    received.map(({ labels }) => `${labels['alertname']} ${labels['instance']} ${labels['source']}`).sort(),
    ['DiskFull a node', 'DiskFull b node', 'Down a promfed'],
    'external labels do not replace those of the alert',
  );
  t.match(
    received.find(({ labels }) => labels['alertname'] === 'DiskFull' && labels['instance'] === 'a'),
    {
      annotations: { summary: 'DiskFull of a' },
      startsAt: new Date(first.startsAtMs).toISOString(),
      endsAt: new Date(first.endsAtMs).toISOString(),
      generatorURL: first.generatorUrl,
    },
  );

  // The first message of a group may have one of its alerts only.
  const group = await untilFound(
    () => Promise.resolve(messagesOf(webhook, 'DiskFull').find(({ alerts }) => alerts.length === 2)),
    'both alerts of the group DiskFull',
  );
  t.equal(group.status, 'firing');
  t.strictSame(group.alerts.map(({ labels }) => labels['instance']).sort(), ['a', 'b']);
  await until(() => messagesOf(webhook, 'Down').length > 0, 'the group Down');

  notifier.send([disk('a', true), disk('b')]);
  const resolved = await untilFound(
    () => Promise.resolve(messagesOf(webhook, 'DiskFull').find(({ alerts }) => alerts.some(isResolved))),
    'the resolved alert',
  );
  t.equal(resolved.status, 'firing', 'another alert of the group fires');
  t.strictSame(
    resolved.alerts.filter(isResolved).map(({ labels }) => labels['instance']),
    ['a'],
  );
  t.strictSame(
    (await alertsOf(apiOf(alertmanager))).map(({ labels }) => labels['instance']).sort(),
    ['a', 'b'],
    'a resolved alert is not active any more',
  );
  notifier.send([disk('b', true)]);
  await until(
    () => messagesOf(webhook, 'DiskFull').some(({ status }) => status === 'resolved'),
    'the end of the group',
  );
  t.notOk(messagesOf(webhook, 'Down').some(({ status }) => status === 'resolved'));
  await until(() => metrics.of(apiOf(alertmanager)).sent === 6, 'the last response');
  t.match(metrics.of(apiOf(alertmanager)), { errors: 0, dropped: 0, queueLength: 0 });
});

const isResolved = ({ status }: { readonly status: string }): boolean => status === 'resolved';

t.test('an Alertmanager that hangs delays no other', { skip }, async (t) => {
  const hanging = createServer((socket) => {
    socket.on('error', () => undefined).resume();
  });
  await new Promise<void>((resolve) => hanging.listen(0, '127.0.0.1', resolve));
  t.teardown(() => hanging.close());
  const target = `127.0.0.1:${(hanging.address() as AddressInfo).port}`;
  const url = `http://${target}/api/v2/alerts`;
  const alertmanager = await startAlertmanager(t);
  const { notifier, metrics } = start(t, [alertmanagerSettings([target, hostOf(alertmanager)])], {
    queueCapacity: 20,
  });
  for (let i = 0; i < 30; i++) {
    notifier.send([alert({ alertname: 'Many', instance: String(i) })]);
    await until(() => metrics.of(apiOf(alertmanager)).sent === i + 1, 'the other Alertmanager');
  }
  t.equal((await alertsOf(apiOf(alertmanager))).length, 30);
  t.match(metrics.of(apiOf(alertmanager)), { sent: 30, errors: 0, dropped: 0 });
  t.match(metrics.of(url), { sent: 0, dropped: 9, queueLength: 20 });
  await notifier.close();
  t.match(metrics.of(url), { loops: 0, sent: 0, dropped: 30, queueLength: 0 });
});

t.test('a suspended Alertmanager gets the newest alerts when it continues', { skip }, async (t) => {
  const alertmanager = await startAlertmanager(t);
  const { notifier, metrics } = start(t, [alertmanagerSettings([hostOf(alertmanager)])], {
    queueCapacity: 3,
  });
  await alertmanager.suspend();
  for (let i = 0; i < 6; i++) notifier.send([alert({ alertname: 'Any', instance: String(i) })]);
  t.match(metrics.of(apiOf(alertmanager)), { sent: 0, dropped: 2, queueLength: 3 });
  alertmanager.resume();
  const received = await untilAlerts(apiOf(alertmanager), 4);
  t.strictSame(received.map(({ labels }) => labels['instance']).sort(), ['0', '3', '4', '5']);
});

t.test('an Alertmanager that answers 400 or 500 affects no other', { skip }, async (t) => {
  const broken = await startFaultServer(answersWith(500, {}, 'disk full'));
  t.teardown(() => broken.close());
  const [strict, good] = await Promise.all([startAlertmanager(t), startAlertmanager(t)]);
  // Alertmanager rejects alerts without labels.
  const alertRelabel = [
    relabelRule({ action: 'labelmap', regex: 'none' }),
    relabelRule({ action: 'labeldrop', regex: '.*' }),
  ];
  const { notifier, metrics, reasons } = start(t, [
    alertmanagerSettings([broken.target]),
    alertmanagerSettings([hostOf(strict)], { alertRelabel }),
    alertmanagerSettings([hostOf(good)]),
  ]);
  notifier.send([alert({ alertname: 'A', instance: '1' })]);
  notifier.send([alert({ alertname: 'B', instance: '1' })]);
  t.equal((await untilAlerts(apiOf(good), 2)).length, 2);
  await until(() => reasons.length === 4, 'four failures');
  await until(() => metrics.of(apiOf(good)).sent === 2, 'the last response');
  t.match(metrics.of(apiOf(good)), { errors: 0, dropped: 0 });
  t.match(metrics.of(apiOf(strict)), { sent: 0, errors: 2, dropped: 2 });
  t.match(metrics.of(`http://${broken.target}/api/v2/alerts`), { sent: 0, errors: 2, dropped: 2 });
  t.equal(reasons.filter((reason) => reason === 'HTTP 500: disk full').length, 2);
  t.equal(reasons.filter((reason) => /^HTTP 400: .*label/.test(reason)).length, 2, reasons.join('\n'));
  t.strictSame(await alertsOf(apiOf(strict)), []);
});

t.test('basic authentication, with a password file that changes', { skip }, async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'promfed-alertmanager-'));
  t.teardown(() => {
    rmSync(directory, { recursive: true });
  });
  const file = join(directory, 'password');
  writeFileSync(file, 'wrong-password');
  const { username, password } = ALERTMANAGER_USER;
  const alertmanager = await startAlertmanager(t, { basicAuth: true });
  const { httpClient } = groupSettings([]);
  const { notifier, metrics, reasons } = start(t, [
    alertmanagerSettings([hostOf(alertmanager)], {
      httpClient: {
        ...httpClient,
        authentication: {
          kind: 'basic',
          username: { value: username, file: undefined },
          password: { value: 'wrong-password', file },
        },
      },
    }),
  ]);
  notifier.send([alert({ alertname: 'Refused' })]);
  await until(() => reasons.length === 1, 'the failure');
  t.match(reasons[0], /^HTTP 401/);
  t.notMatch(reasons[0], /wrong-password/);
  writeFileSync(file, password);
  notifier.send([alert({ alertname: 'Accepted' })]);
  await until(() => metrics.of(apiOf(alertmanager)).sent === 1, 'the alert');

  const inline = start(t, [
    alertmanagerSettings([hostOf(alertmanager)], {
      httpClient: { ...httpClient, authentication: basicAuth(username, password) },
    }),
  ]);
  inline.notifier.send([alert({ alertname: 'Inline' })]);
  await until(() => inline.metrics.of(apiOf(alertmanager)).sent === 1, 'the other alert');
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const received = await alertsOf(apiOf(alertmanager), { authorization });
  t.strictSame(received.map(({ labels }) => labels['alertname']).sort(), ['Accepted', 'Inline']);
});

t.test('every Alertmanager gets the labels of its own relabelling', { skip }, async (t) => {
  const prefixed = await startAlertmanager(t, { routePrefix: '/am' });
  const plain = await startAlertmanager(t);
  const { notifier } = start(t, [
    alertmanagerSettings([hostOf(prefixed), 'dropped:9093'], {
      pathPrefix: '/am',
      relabel: [relabelRule({ action: 'drop', sourceLabels: ['__address__'], regex: 'dropped:.*' })],
      alertRelabel: [
        relabelRule({ targetLabel: 'team', replacement: 'sre' }),
        relabelRule({ action: 'labeldrop', regex: 'instance|source' }),
      ],
    }),
    alertmanagerSettings(['somewhere:1'], {
      relabel: [relabelRule({ targetLabel: '__address__', replacement: hostOf(plain) })],
    }),
  ]);
  t.strictSame(notifier.alertmanagers(), {
    active: [`${prefixed.url}/am/api/v2/alerts`, apiOf(plain)],
    dropped: ['http://dropped:9093/am/api/v2/alerts'],
  });
  notifier.send([alert({ alertname: 'A', instance: '1' })]);
  const [first] = await untilAlerts(`${prefixed.url}/am/api/v2/alerts`, 1);
  t.strictSame(first?.labels, { alertname: 'A', team: 'sre' });
  const [second] = await untilAlerts(apiOf(plain), 1);
  t.strictSame(second?.labels, { alertname: 'A', instance: '1', source: 'promfed' });
});

t.test('many and large alerts arrive', { skip }, async (t) => {
  const alertmanager = await startAlertmanager(t);
  const { notifier, metrics } = start(t, [alertmanagerSettings([hostOf(alertmanager)])]);
  const large: OutgoingAlert = {
    ...alert({ alertname: 'Large', 'utf-8.näme': '"ü\\\n\t\u0001 ✓' }),
    annotations: [['text', 'é'.repeat(1 << 20)]],
  };
  const many = Array.from({ length: 600 }, (_, i) => alert({ alertname: 'Many', instance: String(i) }));
  notifier.send([large, ...many]);
  await until(() => metrics.of(apiOf(alertmanager)).sent === 601, 'all alerts');
  const received = await alertsOf(apiOf(alertmanager));
  t.equal(received.length, 601);
  const found = received.find(({ labels }) => labels['alertname'] === 'Large');
  t.equal(found?.labels['utf-8.näme'], '"ü\\\n\t\u0001 ✓');
  t.equal(found?.annotations['text']?.length, 1 << 20);
});

t.test('alerts are accepted again after a restart', { skip }, async (t) => {
  const alertmanager = await startAlertmanager(t);
  const { notifier, metrics } = start(t, [alertmanagerSettings([hostOf(alertmanager)])]);
  notifier.send([alert({ alertname: 'Before' })]);
  await until(() => metrics.of(apiOf(alertmanager)).sent === 1, 'the first alert');
  await alertmanager.kill();
  notifier.send([alert({ alertname: 'While' })]);
  await until(() => metrics.of(apiOf(alertmanager)).errors === 1, 'the failure');
  await alertmanager.restart();
  notifier.send([alert({ alertname: 'While' })]);
  await until(() => metrics.of(apiOf(alertmanager)).sent === 2, 'the alert that is sent again');
  t.match(metrics.of(apiOf(alertmanager)), { sent: 2, errors: 1, dropped: 1 });
});
