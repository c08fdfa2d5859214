// Changes of the Alertmanagers while a notifier runs: discovery and reloads.

import t from 'tap';

import type { AlertmanagerSettings } from '../../../src/config/index.js';
import { Labels } from '../../../src/model/index.js';
import { TestLease } from '../../helpers/rules/election/test-ownership.js';
import { until } from '../../helpers/until.js';
import { staysSilent, type Fault } from '../../helpers/upstreams/fault-server.js';
import { alert, alertmanagerSettings, relabelRule } from './settings.js';
import { accepts, ChangingSource, namesOf, received, setUp, startServer, urlOf } from './notifier-setup.js';

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

t.test('alerts of a group whose lease has ended are not sent', async (t) => {
  const server = await startServer(t, staysSilent);
  const { notifier, metrics, log } = setUp(t, [alertmanagerSettings([server.target])]);
  const lease = new TestLease();
  notifier.start();
  notifier.send([alert('sent', { lease })]);
  await server.untilRequests(1);
  notifier.send([alert('queued', { lease }), alert('kept')]);
  server.behave(accepts);
  lease.isHeld = false;
  await server.untilRequests(2);
  t.strictSame(namesOf(server), ['sent', 'kept']);
  await until(() => metrics.of(urlOf(server)).queueLength === 0, 'the end of the queue');
  t.strictSame(
    log.map(({ message, fields }) => [message, fields['reason']]),
    [
      ['sending alerts failed', `alertmanager: ${urlOf(server)}: request was canceled`],
      ['alerts dropped: the lease of their rule group has ended', undefined],
    ],
    'a request that is in progress is canceled',
  );
});
