// The notifier against HTTP servers that answer, fail and hang. Time is moved by the tests.

import t, { type Test } from 'tap';

import type { AlertmanagerSettings } from '../../../src/config/index.js';
import type { DiscoveredTarget, TargetSource } from '../../../src/discovery/index.js';
import { Labels, type RelabelSettings } from '../../../src/model/index.js';
import { createNotifier, type Notifier, type NotifierOptions } from '../../../src/rules/notify/index.js';
import { NO_LOG } from '../../../src/runtime/index.js';
import { ManualTimers } from '../../helpers/runtime/manual-timers.js';
import { until } from '../../helpers/until.js';
import {
  answersWith,
  startFaultServer,
  staysSilent,
  unusedTarget,
  type Fault,
  type FaultServer,
} from '../../helpers/upstreams/fault-server.js';
import { alert, alertmanagerSettings, numberedAlerts, RecordedMetrics, relabelRule } from './settings.js';

const accepts = answersWith(200, {}, '');

interface Setup {
  readonly notifier: Notifier;
  readonly metrics: RecordedMetrics;
  readonly timers: ManualTimers;
  readonly log: { readonly message: string; readonly fields: Record<string, unknown> }[];
}

function setUp(
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

async function startServer(t: Test, fault: Fault = accepts): Promise<FaultServer> {
  const server = await startFaultServer(fault);
  t.teardown(() => server.close());
  return server;
}

const urlOf = ({ target }: FaultServer): string => `http://${target}/api/v2/alerts`;

interface SentAlert {
  readonly labels: Record<string, string>;
}

/** The alerts of each request. */
function received({ requests }: FaultServer): SentAlert[][] {
  return requests.map(({ body }) => JSON.parse(body) as SentAlert[]);
}

function namesOf(server: FaultServer): string[] {
  return received(server)
    .flat()
    .map(({ labels }) => labels['alertname']!);
}

/** A source whose targets a test changes. */
class ChangingSource implements TargetSource {
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

t.test('alerts are posted in the form of API v2', async (t) => {
  const server = await startServer(t);
  const { notifier } = setUp(t, [alertmanagerSettings([server.target], { pathPrefix: '/prefix' })], {
    externalLabels: Labels.from({ source: 'promfed', severity: 'none' }),
  });
  notifier.start();
  notifier.send([
    alert('One'),
    alert('Two', {
      labels: Labels.from({ alertname: 'Two' }),
      annotations: [['text', '"é\n']],
      generatorUrl: '',
    }),
  ]);
  await server.untilRequests(1);
  const [request] = server.requests;
  t.match(request, { method: 'POST', path: '/prefix/api/v2/alerts' });
  t.match(request?.headers, { 'content-type': 'application/json', 'user-agent': 'promfed/1.2.3' });
  t.strictSame(JSON.parse(request?.body ?? ''), [
    {
      labels: { alertname: 'One', severity: 'page', source: 'promfed' },
      annotations: { summary: 'One fires' },
      startsAt: '2026-01-02T03:04:05.678Z',
      endsAt: '2026-01-02T03:08:05.678Z',
      generatorURL: 'http://promfed.example/graph?g0.expr=up',
    },
    {
      labels: { alertname: 'Two', severity: 'none', source: 'promfed' },
      annotations: { text: '"é\n' },
      startsAt: '2026-01-02T03:04:05.678Z',
      endsAt: '2026-01-02T03:08:05.678Z',
    },
  ]);
});

t.test('alert_relabel_configs see external labels and can drop alerts', async (t) => {
  const server = await startServer(t);
  const { notifier } = setUp(
    t,
    [alertmanagerSettings([server.target])],
    { externalLabels: Labels.from({ region: 'eu', replica: '1' }) },
    [
      relabelRule({ action: 'labeldrop', regex: 'replica' }),
      relabelRule({ sourceLabels: ['region'], targetLabel: 'zone', replacement: '$1-zone' }),
      relabelRule({ action: 'drop', sourceLabels: ['alertname'], regex: 'Quiet.*' }),
    ],
  );
  notifier.start();
  notifier.send([alert('Quiet')]);
  notifier.send([alert('Quieter'), alert('Loud')]);
  await server.untilRequests(1);
  t.match(received(server), [[{ labels: { alertname: 'Loud', region: 'eu', zone: 'eu-zone' } }]]);
  t.notOk(received(server)[0]?.[0]?.labels['replica']);
  t.equal(server.requests.length, 1, 'dropped alerts cause no request');
});

t.test('relabelling for one Alertmanager does not change the alerts of another', async (t) => {
  const servers = await Promise.all([startServer(t), startServer(t), startServer(t)]);
  const replace = (replacement: string): RelabelSettings =>
    relabelRule({ sourceLabels: ['severity'], targetLabel: 'severity', replacement });
  const { notifier } = setUp(
    t,
    [
      alertmanagerSettings([servers[0].target], { alertRelabel: [replace('$1-first')] }),
      alertmanagerSettings([servers[1].target], {
        alertRelabel: [
          replace('$1-second'),
          relabelRule({ action: 'drop', sourceLabels: ['alertname'], regex: 'B' }),
        ],
      }),
      alertmanagerSettings([servers[2].target]),
    ],
    {},
    [replace('$1-all')],
  );
  notifier.start();
  const alerts = [alert('A'), alert('B')];
  notifier.send(alerts);
  notifier.send(alerts);
  for (const server of servers) await until(() => namesOf(server).length >= 2, 'alerts');
  const severities = (server: FaultServer): string[] =>
    received(server).flatMap((batch) =>
      batch.map(({ labels }) => `${labels['alertname']} ${labels['severity']}`),
    );
  await until(() => severities(servers[0]).length === 4 && severities(servers[2]).length === 4, 'all alerts');
  t.strictSame(severities(servers[0]), [
    'A page-all-first',
    'B page-all-first',
    'A page-all-first',
    'B page-all-first',
  ]);
  t.strictSame(severities(servers[1]), ['A page-all-second', 'A page-all-second']);
  t.strictSame(severities(servers[2]), ['A page-all', 'B page-all', 'A page-all', 'B page-all']);
  t.equal(alerts[0]?.labels.get('severity'), 'page', 'the alerts of the rule are not modified');
});

t.test('a request has up to 256 alerts, in order', async (t) => {
  const server = await startServer(t);
  const { notifier, metrics } = setUp(t, [alertmanagerSettings([server.target])]);
  notifier.start();
  notifier.send(numberedAlerts(600));
  await until(() => metrics.of(urlOf(server)).sent === 600, 'all alerts');
  t.strictSame(
    received(server).map(({ length }) => length),
    [256, 256, 88],
  );
  t.strictSame(
    namesOf(server),
    Array.from({ length: 600 }, (_, i) => `a${i}`),
  );
  t.match(metrics.of(urlOf(server)), { errors: 0, dropped: 0, queueLength: 0 });
});

t.test('an Alertmanager that hangs delays no other, and its queue drops the oldest alerts', async (t) => {
  const [hanging, other] = await Promise.all([startServer(t, staysSilent), startServer(t)]);
  const { notifier, metrics, timers, log } = setUp(
    t,
    [alertmanagerSettings([hanging.target, other.target])],
    {
      queueCapacity: 5,
    },
  );
  notifier.start();
  t.equal(metrics.queueCapacity, 5);
  t.equal(metrics.alertmanagersDiscovered, 2);
  for (let i = 0; i < 10; i++) {
    notifier.send(numberedAlerts(1, i));
    await until(() => metrics.of(urlOf(other)).sent === i + 1, 'the other Alertmanager');
  }
  await hanging.untilRequests(1);
  t.match(metrics.of(urlOf(other)), { sent: 10, errors: 0, dropped: 0, queueLength: 0 });
  t.match(metrics.of(urlOf(hanging)), { sent: 0, errors: 0, dropped: 4, queueLength: 5 });
  t.strictSame(log[0], {
    message: 'alert queue full; dropping the oldest alerts',
    fields: { alertmanager: urlOf(hanging), alerts: 1 },
  });

  hanging.behave(accepts);
  await timers.pass(10_000);
  await until(() => metrics.of(urlOf(hanging)).sent === 5, 'the rest of the queue');
  t.match(metrics.of(urlOf(hanging)), { errors: 1, dropped: 5, queueLength: 0 });
  t.strictSame(namesOf(hanging), ['a0', 'a5', 'a6', 'a7', 'a8', 'a9']);
  t.strictSame(log.at(-1), {
    message: 'sending alerts failed',
    fields: {
      alertmanager: urlOf(hanging),
      alerts: 1,
      reason: `alertmanager: ${urlOf(hanging)}: no response within 10000 ms`,
    },
  });
});

t.test('alerts that an Alertmanager rejects are counted and not sent again', async (t) => {
  const cases: { name: string; fault: Fault; reason: RegExp }[] = [
    { name: '400', fault: answersWith(400, {}, '"bad label"'), reason: /^HTTP 400: "bad label"$/ },
    { name: '500', fault: answersWith(500, {}, ''), reason: /^HTTP 500$/ },
    {
      name: 'a redirect',
      fault: answersWith(308, { location: 'https://am/' }, ''),
      reason: /^HTTP 308: redirect to https:\/\/am\/ not followed$/,
    },
  ];
  for (const { name, fault, reason } of cases) {
    const server = await startServer(t, fault);
    const { notifier, metrics, log } = setUp(t, [alertmanagerSettings([server.target])]);
    notifier.start();
    notifier.send(numberedAlerts(3));
    await until(() => log.length === 1, 'a failure');
    t.match(metrics.of(urlOf(server)), { sent: 0, errors: 3, dropped: 3, queueLength: 0 }, name);
    t.match(log[0]?.fields['reason'], reason);
    server.behave(accepts);
    notifier.send([alert('later')]);
    await until(() => metrics.of(urlOf(server)).sent === 1, 'the next alert');
    t.strictSame(received(server).at(-1)?.length, 1, 'only the new alert is sent');
  }
});

t.test('an Alertmanager that is down affects no other', async (t) => {
  const server = await startServer(t);
  const down = await unusedTarget();
  const { notifier, metrics, log } = setUp(t, [alertmanagerSettings([down, server.target])]);
  notifier.start();
  notifier.send([alert('A')]);
  await server.untilRequests(1);
  await until(() => log.length === 1, 'the failure');
  t.match(log[0]?.fields['reason'], /: connection refused$/);
  t.match(metrics.of(`http://${down}/api/v2/alerts`), { sent: 0, errors: 1, dropped: 1 });
});

t.test('the duration of a request is observed', async (t) => {
  const server = await startServer(t, staysSilent);
  const { notifier, metrics, timers } = setUp(t, [alertmanagerSettings([server.target])]);
  let answer = (): void => undefined;
  server.behave((response) => {
    answer = () => response.end();
  });
  notifier.start();
  notifier.send([alert('A')]);
  await server.untilRequests(1);
  await timers.pass(1500);
  answer();
  await until(() => metrics.of(urlOf(server)).sent === 1, 'the answer');
  t.strictSame(metrics.of(urlOf(server)).durationsMs, [1500]);
});

t.test('alerts that arrive before the start are sent afterwards', async (t) => {
  const server = await startServer(t);
  const { notifier, metrics } = setUp(t, [alertmanagerSettings([server.target])]);
  notifier.send([alert('early')]);
  t.match(metrics.of(urlOf(server)), { loops: 1, queueLength: 1 });
  t.equal(metrics.alertmanagersDiscovered, undefined, 'gauges are not set before the start');
  notifier.start();
  notifier.start();
  await server.untilRequests(1);
  t.strictSame(namesOf(server), ['early']);
});

t.test('close sends the queued alerts', async (t) => {
  let answer = (): void => undefined;
  const server = await startServer(t, (response) => {
    server.behave(accepts);
    answer = () => response.end();
  });
  const { notifier, metrics, timers } = setUp(t, [alertmanagerSettings([server.target])], { drainMs: 5000 });
  notifier.start();
  notifier.send([alert('first')]);
  notifier.send(numberedAlerts(300));
  await server.untilRequests(1);
  const closed = notifier.close();
  notifier.send([alert('after close')]);
  answer();
  await closed;
  t.strictSame(
    received(server).map(({ length }) => length),
    [1, 256, 44],
  );
  t.match(metrics.of(urlOf(server)), { loops: 0, sent: 301, dropped: 0, queueLength: 0 });
  t.equal(timers.pending, 0);
  await until(() => server.openSockets === 0, 'the client to close its connections');
});

t.test('close drops what an Alertmanager does not accept in time', async (t) => {
  const server = await startServer(t, staysSilent);
  const { notifier, metrics, timers } = setUp(t, [alertmanagerSettings([server.target])], { drainMs: 5000 });
  notifier.start();
  notifier.send([alert('first')]);
  notifier.send(numberedAlerts(3));
  await server.untilRequests(1);
  let isClosed = false;
  const closed = notifier.close().then(() => {
    isClosed = true;
  });
  await timers.pass(4999);
  t.notOk(isClosed);
  await timers.pass(1);
  await closed;
  t.match(metrics.of(urlOf(server)), { loops: 0, sent: 0, errors: 1, dropped: 4, queueLength: 0 });
  t.equal(server.requests.length, 1);
});

t.test('a notifier that was not started closes at once', async (t) => {
  const server = await startServer(t);
  const { notifier, metrics } = setUp(t, [alertmanagerSettings([server.target])], { drainMs: 5000 });
  notifier.send([alert('A')]);
  await notifier.close();
  t.match(metrics.of(urlOf(server)), { loops: 0, dropped: 1, queueLength: 0 });
  t.equal(server.requests.length, 0);
});

t.test('Alertmanagers are added and removed while the notifier runs', async (t) => {
  const [a, b, c] = await Promise.all([startServer(t, staysSilent), startServer(t), startServer(t)]);
  const source = new ChangingSource();
  source.set(a, b);
  const { notifier, metrics, timers } = setUp(t, [alertmanagerSettings([])], {
    sourceOf: () => source,
    drainMs: 3000,
  });
  t.strictSame(notifier.alertmanagers(), { active: [urlOf(a), urlOf(b)], dropped: [] });
  notifier.start();
  notifier.send([alert('first')]);
  await Promise.all([a.untilRequests(1), b.untilRequests(1)]);
  notifier.send([alert('second')]);
  await b.untilRequests(2);

  source.set(b, c);
  t.strictSame(notifier.alertmanagers(), { active: [urlOf(b), urlOf(c)], dropped: [] });
  t.equal(metrics.alertmanagersDiscovered, 2);
  notifier.send([alert('third')]);
  await Promise.all([b.untilRequests(3), c.untilRequests(1)]);
  t.strictSame(namesOf(b), ['first', 'second', 'third'], 'an Alertmanager that stays gets every alert once');
  t.strictSame(namesOf(c), ['third']);
  t.match(metrics.of(urlOf(a)), { loops: 1, queueLength: 1 }, 'the removed one is being drained');
  await timers.pass(3000);
  await until(() => metrics.of(urlOf(a)).loops === 0, 'the end of the removed one');
  t.match(metrics.of(urlOf(a)), { dropped: 2, queueLength: 0 });
  t.strictSame(namesOf(a), ['first']);

  source.set();
  t.equal(metrics.alertmanagersDiscovered, 0);
  notifier.send([alert('fourth')]);
  await notifier.close();
  t.ok(source.isClosed);
  t.match([metrics.of(urlOf(b)), metrics.of(urlOf(c))], [{ loops: 0 }, { loops: 0 }]);
});

t.test('relabel_configs select the Alertmanagers; invalid ones are logged and ignored', async (t) => {
  const server = await startServer(t);
  const { notifier, log } = setUp(t, [
    alertmanagerSettings([server.target, 'dropped:9093', 'a/b'], {
      relabel: [relabelRule({ action: 'drop', sourceLabels: ['__address__'], regex: 'dropped:.*' })],
    }),
  ]);
  notifier.start();
  t.strictSame(notifier.alertmanagers(), {
    active: [urlOf(server)],
    dropped: ['http://dropped:9093/api/v2/alerts'],
  });
  t.strictSame(log, [
    {
      message: 'ignored an alertmanager whose URL is invalid',
      fields: { alertmanager: 'http://a/b/api/v2/alerts' },
    },
  ]);
  notifier.send([alert('A')]);
  await server.untilRequests(1);
});

t.test('settings that cannot be used are rejected when the notifier is created', async (t) => {
  const source = new ChangingSource();
  source.set({ target: 'am:9093' });
  const good = alertmanagerSettings(['am:9093']);
  const cases: { name: string; settings: AlertmanagerSettings; message: RegExp }[] = [
    {
      name: 'an invalid header',
      settings: alertmanagerSettings([], { headers: [['a b', 'c']] }),
      message: /^alertmanager: headers: invalid header "a b"$/,
    },
    {
      name: 'an invalid authority',
      settings: alertmanagerSettings([], {
        scheme: 'https',
        httpClient: { ...good.httpClient, tls: { ...good.httpClient.tls, ca: 'x' } },
      }),
      message: /^alertmanager: tls_config: /,
    },
  ];
  for (const { name, settings, message } of cases) {
    t.throws(
      () =>
        setUp(t, [good, settings], { sourceOf: (of) => (of === settings ? source : new ChangingSource()) }),
      { code: 'bad_data', message },
      name,
    );
    t.ok(source.isClosed);
  }
  const { notifier, log } = setUp(t, [cases[0]!.settings], {
    sourceOf: () => {
      source.targets = [];
      return source;
    },
  });
  source.set({ target: 'am:9093' });
  t.strictSame(notifier.alertmanagers().active, [], 'a target that is discovered later is ignored');
  t.match(log, [{ message: 'ignored an alertmanager', fields: { reason: /invalid header/ } }]);
  await notifier.close();
});

t.test('a reload keeps the queues of unchanged Alertmanagers and sends those of the others', async (t) => {
  const answers: (() => void)[] = [];
  const holds: Fault = (response) => {
    answers.push(() => response.end());
  };
  const [kept, removed, added] = await Promise.all([
    startServer(t, holds),
    startServer(t, holds),
    startServer(t),
  ]);
  const unchanged = alertmanagerSettings([kept.target]);
  const { notifier, metrics } = setUp(t, [unchanged, alertmanagerSettings([removed.target])], {
    drainMs: 5000,
    externalLabels: Labels.from({ source: 'before' }),
  });
  notifier.start();
  notifier.send([alert('first')]);
  await Promise.all([kept.untilRequests(1), removed.untilRequests(1)]);
  notifier.send([alert('second')]);

  const changed = alertmanagerSettings([added.target, kept.target], { pathPrefix: '/changed' });
  const relabel = [relabelRule({ action: 'labeldrop', regex: 'severity' })];
  const next = { relabel, alertmanagers: [changed, alertmanagerSettings([kept.target])] };
  t.throws(
    () => {
      const invalid = alertmanagerSettings(['am:9093'], { headers: [['a b', 'c']] });
      notifier.update({ relabel, alertmanagers: [changed, invalid] }, Labels.EMPTY);
    },
    { code: 'bad_data' },
    'invalid settings change nothing',
  );
  t.strictSame(notifier.alertmanagers().active, [urlOf(kept), urlOf(removed)]);
  notifier.update(next, Labels.from({ source: 'after' }));
  t.strictSame(notifier.alertmanagers().active, [
    `http://${added.target}/changed/api/v2/alerts`,
    `http://${kept.target}/changed/api/v2/alerts`,
    urlOf(kept),
  ]);
  t.equal(metrics.alertmanagersDiscovered, 3);
  notifier.send([alert('third')]);

  for (const server of [kept, removed]) server.behave(accepts);
  for (const answer of answers) answer();
  await until(() => metrics.of(urlOf(kept)).sent === 3, 'the kept queue');
  await until(() => metrics.of(urlOf(removed)).loops === 0, 'the removed queue');
  t.match(metrics.of(urlOf(kept)), { loops: 1, dropped: 0, queueLength: 0 });
  t.match(metrics.of(urlOf(removed)), { sent: 2, dropped: 0, queueLength: 0 });
  t.strictSame(namesOf(removed), ['first', 'second']);
  await added.untilRequests(1);
  t.strictSame(received(added), [
    [
      {
        labels: { alertname: 'third', source: 'after' },
        annotations: { summary: 'third fires' },
        startsAt: '2026-01-02T03:04:05.678Z',
        endsAt: '2026-01-02T03:08:05.678Z',
        generatorURL: 'http://promfed.example/graph?g0.expr=up',
      },
    ],
  ]);
});

t.test('equal entries have a queue each, before and after a reload', async (t) => {
  const server = await startServer(t);
  const settings = (): AlertmanagerSettings => alertmanagerSettings([server.target]);
  const { notifier, metrics } = setUp(t, [settings(), settings()], { drainMs: 5000 });
  notifier.start();
  notifier.send([alert('A')]);
  await until(() => metrics.of(urlOf(server)).sent === 2, 'both');
  notifier.update({ relabel: [], alertmanagers: [settings(), settings(), settings()] }, Labels.EMPTY);
  t.equal(metrics.of(urlOf(server)).loops, 3);
  notifier.send([alert('A')]);
  await until(() => metrics.of(urlOf(server)).sent === 5, 'all three');
  notifier.update({ relabel: [], alertmanagers: [] }, Labels.EMPTY);
  await until(() => metrics.of(urlOf(server)).loops === 0, 'the end of all');
  t.equal(metrics.alertmanagersDiscovered, 0);
  notifier.send([alert('A')]);
  await notifier.close();
  notifier.update({ relabel: [], alertmanagers: [settings()] }, Labels.EMPTY);
  t.strictSame(notifier.alertmanagers().active, [], 'a closed notifier ignores new settings');
});
