// Detection of products: the product that each answer to buildinfo means, and the times of the requests.

import t, { type Test } from 'tap';

import { printProduct, tryParseVersion } from '../../../src/model/index.js';
import { NO_LOG } from '../../../src/runtime/index.js';
import { createServerGroup, type ServerGroup } from '../../../src/upstreams/index.js';
import { parseBuildInfo } from '../../../src/upstreams/detect/build-info.js';
import { ManualTimers } from '../../helpers/runtime/manual-timers.js';
import {
  answers,
  answersWith,
  resets,
  startFaultServer,
  type FaultServer,
} from '../../helpers/upstreams/fault-server.js';
import { until } from '../../helpers/until.js';
import { fetchContext, groupSettings, success } from '../settings.js';

const GO = { revision: 'abc', branch: 'HEAD', buildUser: 'x', buildDate: '20260929', goVersion: 'go1.27.1' };

t.test('the answer to buildinfo identifies the product', async (t) => {
  const cases: readonly (readonly [data: unknown, expected: string])[] = [
    [{ version: '3.5.3+ds1', ...GO }, 'Prometheus 3.5.3'],
    [{ version: '2.53.1', ...GO }, 'Prometheus 2.53.1'],
    [{ version: '3.14.0-rc.0', ...GO }, 'Prometheus 3.14.0-rc.0'],
    [{ version: '0.39.2', ...GO }, 'Thanos 0.39.2'],
    [{ application: 'Grafana Mimir', version: '2.15.0', ...GO, features: {} }, 'Mimir 2.15.0'],
    [{ version: '2.24.0' }, 'VictoriaMetrics'],
    [{ application: 'Grafana Loki', version: '3.0.0', ...GO }, 'an unknown product'],
    [{ version: 'main', ...GO }, 'an unknown product'],
    [{ version: '0.1.0', revision: '', goVersion: '' }, 'an unknown product'],
    [{}, 'an unknown product'],
    [{ version: 3 }, 'an unknown product'],
  ];
  for (const [data, expected] of cases) t.equal(printProduct(parseBuildInfo(data)), expected);
  for (const data of [null, 'x', [], 1]) t.throws(() => parseBuildInfo(data), { code: 'upstream' });
});

t.test('versions', async (t) => {
  t.same(tryParseVersion('3.5.3+ds1'), [3, 5, 3]);
  t.same(tryParseVersion('v2.40'), [2, 40, 0]);
  t.equal(tryParseVersion('main'), undefined);
  t.equal(tryParseVersion(''), undefined);
});

function productsOf(group: ServerGroup): string[] {
  return group.snapshots(0, true).flatMap(({ products = [] }) => products.map(printProduct));
}

function open(t: Test, targets: readonly string[], timers: ManualTimers, settings = {}): ServerGroup {
  const group = createServerGroup(groupSettings(targets, settings), {
    clock: timers,
    version: 'test',
    background: { timers, log: NO_LOG },
  });
  t.teardown(() => group.close());
  return group;
}

async function startTarget(t: Test, data: unknown): Promise<FaultServer> {
  const server = await startFaultServer(answers({ status: 'success', data }), { receivesStatus: true });
  t.teardown(() => server.close());
  return server;
}

/** Lets time pass in steps until a condition holds. */
async function passUntil(timers: ManualTimers, condition: () => boolean, what: string): Promise<void> {
  await until(async () => {
    await timers.pass(0);
    return condition();
  }, what);
}

t.test('products are detected at once and again after five minutes', async (t) => {
  const first = await startTarget(t, { version: '3.5.3', ...GO });
  const second = await startTarget(t, { version: '2.24.0' });
  const timers = new ManualTimers(0.5);
  const group = open(t, [first.target, second.target], timers, { pathPrefix: '/prom' });
  t.same(productsOf(group), ['an unknown product'], 'before the first detection');
  await passUntil(timers, () => productsOf(group).join() === 'Prometheus 3.5.3,VictoriaMetrics', 'products');
  t.same(
    first.requests.map(({ method, path }) => [method, path]),
    [['GET', '/prom/api/v1/status/buildinfo']],
  );

  first.behave(answers({ status: 'success', data: { version: '3.14.0', ...GO } }));
  for (let i = 0; i < 20; i++) await timers.pass(10_000);
  t.equal(first.requests.length, 1, 'not for five minutes');
  await timers.pass(130_000);
  await passUntil(
    timers,
    () => productsOf(group).join() === 'Prometheus 3.14.0,VictoriaMetrics',
    'the upgrade',
  );
  t.equal(first.requests.length, 2);
});

t.test('a failed detection keeps the product and is repeated later and later', async (t) => {
  const server = await startTarget(t, { version: '3.5.3', ...GO });
  const timers = new ManualTimers(0.5);
  const group = open(t, [server.target], timers);
  await passUntil(timers, () => productsOf(group).join() === 'Prometheus 3.5.3', 'the product');
  server.behave(answersWith(404, { 'content-type': 'text/html' }, '<html><title>Not Found</title></html>'));
  await timers.pass(310_000);
  await server.untilRequests(2);
  for (let i = 0; i < 60; i++) await timers.pass(10_000);
  t.ok(server.requests.length <= 9, `${server.requests.length} requests in ten minutes`);
  await until(async () => {
    await timers.pass(10_000);
    return server.requests.length >= 4;
  }, 'more attempts');
  t.same(productsOf(group), ['Prometheus 3.5.3']);
});

t.test('a target that answers again after a failure is detected within ten seconds', async (t) => {
  const server = await startTarget(t, { version: '3.5.3', ...GO });
  const timers = new ManualTimers(0.5);
  const group = open(t, [server.target], timers);
  await passUntil(timers, () => productsOf(group).join() === 'Prometheus 3.5.3', 'the product');
  const [snapshot] = group.snapshots(0, true);
  const query = { selectors: [], startMs: undefined, endMs: undefined, limit: undefined };

  server.behave(resets);
  await t.rejects(snapshot!.labelNames(query, fetchContext()), { code: 'upstream' });
  server.behave((response, socket, request) => {
    const data = request.path.endsWith('/buildinfo') ? { version: '3.14.0', ...GO } : [];
    answers({ status: 'success', data })(response, socket, request);
  });
  t.same((await snapshot!.labelNames(query, fetchContext())).data, []);
  await timers.pass(10_000);
  await passUntil(timers, () => productsOf(group).join() === 'Prometheus 3.14.0', 'the new version');
});

t.test('the lookback of an older Prometheus is read, and shortened by a millisecond', async (t) => {
  const server = await startFaultServer(
    (response, socket, request) => {
      const { path } = request;
      const data = path.endsWith('/buildinfo')
        ? { version: '2.53.1', ...GO }
        : path.endsWith('/flags')
          ? { 'query.lookback-delta': '4m' }
          : undefined;
      answers(
        data === undefined ? success({ resultType: 'vector', result: [] }) : { status: 'success', data },
      )(response, socket, request);
    },
    { receivesStatus: true },
  );
  t.teardown(() => server.close());
  const timers = new ManualTimers(0.5);
  const group = open(t, [server.target], timers);
  await passUntil(timers, () => productsOf(group).join() === 'Prometheus 2.53.1', 'the product');
  const query = { kind: 'instant', expr: 'x', grid: { startMs: 0, stepMs: 1, count: 1 } } as const;
  const lookbackOf = async (lookbackDeltaMs: number | undefined): Promise<string | null> => {
    const answer = await group.snapshots(0, true)[0]!.query(query, { ...fetchContext(), lookbackDeltaMs });
    await answer.tryBuffer?.();
    return server.requests.at(-1)!.form.get('lookback_delta');
  };
  t.equal(await lookbackOf(undefined), '239.999');
  t.equal(await lookbackOf(60_000), '59.999');
});
