// The number of requests of one query: in total, and to one group at the same time.

import t from 'tap';

import { PromfedError } from '../../src/model/index.js';
import { federationOf } from '../helpers/federation.js';
import { onEagerClock, turnsOf } from '../helpers/runtime/event-loop-turns.js';
import { until } from '../helpers/until.js';
import { fakeGroup, read, request, type Answer, type FakeGroup } from './fake-group.js';

/** A region without series. */
const empty: Answer = async function* ({ kind }) {
  const resultType = kind === 'range' ? 'matrix' : 'vector';
  yield Buffer.from(`{"status":"success","data":{"resultType":"${resultType}","result":[]}}`);
};

const regions = (count: number, answer: Answer): FakeGroup[] =>
  Array.from({ length: count }, (_, i) => fakeGroup(`r${i}`, { region: String(i) }, answer));

const sentTo = (groups: readonly FakeGroup[]): number =>
  groups.reduce((sum, { received }) => sum + received.length, 0);

/** Sums that no region can compute alone. */
const sums = (count: number): string => Array.from({ length: count }, (_, i) => `sum(m${i})`).join(' or ');

t.test('a query with too many requests fails before the first one is sent', async (t) => {
  for (const { text, needed } of [
    { text: 'max_over_time(sum(nosuch)[290y:1ms])', needed: '1662807274' },
    { text: 'max_over_time(sum(nosuch)[10y:1s])', needed: '57340' },
    { text: 'sum_over_time(sum(a)[3y:1s]) + sum_over_time(sum(b)[3y:1s])', needed: '34404' },
    { text: sums(5_000), needed: 'at least 5002' },
  ]) {
    const groups = regions(2, empty);
    const federation = federationOf(groups, { maxRequests: 5000 });
    const rejected = federation.query(request(text));
    await t.rejects(rejected, {
      code: 'limit',
      message: `query would send too many requests to server groups: ${needed} (limit 5000, --query.max-requests); use fewer selectors, or subqueries with fewer steps`,
    });
    t.equal(sentTo(groups), 0, text.slice(0, 60));
  }
});

t.test('the steps of a subquery must fit into memory, whatever it evaluates', async (t) => {
  const withoutSeries = {
    series: [],
    hasStaleMarkers: true,
    trailer: { warnings: [], infos: [], isPartial: false },
  };
  // Overlapping groups: raw samples are read.
  const groups = ['a', 'b'].map((name) => ({
    ...fakeGroup(name, {}, empty),
    samples: async () => withoutSeries,
  }));
  const federation = federationOf(groups, { maxSamples: 50_000_000 });
  for (const inner of ['nosuch', 'info(nosuch)', 'vector(1)']) {
    const rejected = federation.query(request(`max_over_time((${inner})[290y:1ms])`));
    await t.rejects(rejected, { code: 'limit', message: /--query\.max-samples/ }, inner);
  }
});

t.test('equal requests count once', async (t) => {
  const groups = regions(2, empty);
  const federation = federationOf(groups, { maxRequests: 4 });
  const equal = Array.from({ length: 50 }, () => 'sum(x)').join(' + ');
  t.same(await read(await federation.query(request(`${equal} + sum(y)`))), {});
  t.equal(sentTo(groups), 4);
  await t.rejects(federation.query(request(`${equal} + sum(y) + sum(z)`)), { code: 'limit' });
});

t.test(
  'pieces of a long subquery are created when they are sent, and none after the end of the query',
  async (t) => {
    const client = new AbortController();
    let sent = 0;
    const counting: Answer = (query, context) => {
      if (++sent === 20) client.abort(new PromfedError('canceled', 'the client left'));
      return empty(query, context);
    };
    const federation = federationOf(regions(2, counting), { maxSamples: 1e9 });
    const text = 'max_over_time(sum(nosuch)[30y:1s])';
    await t.rejects(federation.query(request(text, { signal: client.signal })), { code: 'canceled' });
    await new Promise((resolve) => setTimeout(resolve, 50));
    t.ok(sent < 40, `${sent} requests`);
  },
);

t.test('a group receives a limited number of requests at the same time', async (t) => {
  let running = 0;
  let peak = 0;
  const slow: Answer = async function* (query, context) {
    peak = Math.max(peak, ++running);
    await new Promise((resolve) => setImmediate(resolve));
    yield* empty(query, context);
    running--;
  };
  const groups = [...regions(1, slow), fakeGroup('other', { region: 'other' }, empty)];
  t.same(await read(await federationOf(groups).query(request(sums(300)))), {});
  t.equal(peak, 64);
  t.same(
    groups.map(({ received }) => received.length),
    [300, 300],
  );
});

t.test('many requests start in turns with the event loop', async (t) => {
  const groups = regions(2, empty);
  const turns = await onEagerClock(() =>
    turnsOf(async () => {
      t.same(await read(await federationOf(groups).query(request(sums(100)))), {});
    }),
  );
  t.equal(sentTo(groups), 200);
  t.ok(turns >= 100, `${turns} turns`);
});

t.test('requests that wait when the query is canceled are never sent', async (t) => {
  const client = new AbortController();
  const groups = regions(2, async function* (_query, { signal }) {
    await new Promise((_, reject) => {
      signal.addEventListener('abort', () => {
        reject(new Error('aborted'));
      });
    });
    yield* [];
  });
  const running = federationOf(groups).query(request(sums(2000), { signal: client.signal }));
  await until(() => sentTo(groups) === 128, 'the first requests');
  client.abort(new PromfedError('canceled', 'the client left'));
  await t.rejects(running, { code: 'canceled' });
  // Longer than the turns in which all of them fail.
  await new Promise((resolve) => setTimeout(resolve, 200));
  t.equal(sentTo(groups), 128);
});

t.test('the requests to many groups start without waiting for an answer', async (t) => {
  let answer: () => void = () => undefined;
  const answered = new Promise<void>((resolve) => (answer = resolve));
  const groups = regions(100, async function* (query, context) {
    await answered;
    yield* empty(query, context);
  });
  const federation = federationOf(groups, { maxRequests: 5000 });
  const running = federation.query(request(sums(10)));
  await until(() => sentTo(groups) === 1000, 'all requests');
  answer();
  t.same(await read(await running), {});
});

t.test('requests of all attempts count', async (t) => {
  const groups = regions(2, () => {
    throw new PromfedError('rejected', 'unknown function');
  });
  const federation = federationOf(groups, { maxRequests: 3 });
  await t.rejects(federation.query(request('avg(abs(x))')), { code: 'limit' });
  t.ok(sentTo(groups) <= 3);
});
