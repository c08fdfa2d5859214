// The notifier against HTTP servers that answer, fail and hang. Time is moved by the tests.

import t from 'tap';
import { Labels, type RelabelSettings } from '../../../src/model/index.js';
import { until } from '../../helpers/until.js';
import {
  answersWith,
  staysSilent,
  unusedTarget,
  type Fault,
  type FaultServer,
} from '../../helpers/upstreams/fault-server.js';
import { alert, alertmanagerSettings, numberedAlerts, relabelRule } from './settings.js';
import { accepts, namesOf, received, setUp, startServer, urlOf } from './notifier-setup.js';

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
