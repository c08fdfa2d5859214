import { getEventListeners, setMaxListeners } from 'node:events';

import t, { type Test } from 'tap';

import type { FrameStream } from '../../../src/json/index.js';
import { systemClock } from '../../../src/runtime/index.js';
import type { UpstreamObservation } from '../../../src/upstreams/index.js';
import {
  answers,
  answersAfter,
  neverEnds,
  neverEndsGzipped,
  startFaultServer,
  staysSilent,
  trickles,
  type Fault,
  type FaultServer,
} from '../../helpers/upstreams/fault-server.js';
import { itemsOf } from '../../helpers/frame-streams.js';
import { fetchContext, groupSettings, matrix, openGroup, type OpenGroup } from '../settings.js';
import { until } from '../../helpers/until.js';

const INSTANT = { kind: 'instant', expr: 'up', grid: { startMs: 100_000, stepMs: 1, count: 1 } } as const;
const RANGE = { kind: 'range', expr: 'up', grid: { startMs: 100_000, stepMs: 10_000, count: 2 } } as const;
const BEGINNING = '{"status":"success","data":{"resultType":"matrix","result":[';
const piece = (index: number): string =>
  `{"metric":{"a":"${String(index).padStart(9, '0')}"},"values":[[100,"1"]]},`;

interface Setup {
  readonly group: OpenGroup;
  readonly servers: readonly FaultServer[];
  readonly observations: UpstreamObservation[];
}

async function setUp(t: Test, ...faults: Fault[]): Promise<Setup> {
  const servers = await Promise.all(faults.map((fault) => startFaultServer(fault)));
  const observations: UpstreamObservation[] = [];
  const group = openGroup(groupSettings(servers.map(({ target }) => target)), {
    clock: systemClock,
    version: '1.2.3',
    metrics: { observe: (observation) => observations.push(observation) },
  });
  t.teardown(async () => {
    await group.close();
    for (const server of servers) await server.close();
  });
  return { group, servers, observations };
}

t.test('a query whose client leaves before the headers is canceled and its connection closed', async (t) => {
  const { group, servers, observations } = await setUp(t, staysSilent);
  const client = new AbortController();
  const pending = group.query(INSTANT, fetchContext({ signal: client.signal }));
  await servers[0]!.untilRequests(1);
  client.abort();
  await t.rejects(pending, { code: 'canceled' });
  await servers[0]!.untilHungUp();
  t.match(observations, [{ group: 'eu', path: 'query', outcome: 'canceled', bytes: 0 }]);
});

t.test('a deadline that passes before the headers is a timeout', async (t) => {
  const { group, servers, observations } = await setUp(t, staysSilent);
  await t.rejects(group.query(INSTANT, fetchContext({}, 100)), {
    code: 'timeout',
    message: /server group "eu"/,
  });
  await servers[0]!.untilHungUp();
  t.match(observations, [{ outcome: 'timeout' }]);
});

t.test('a query is not sent when its client has left already', async (t) => {
  const { group, servers } = await setUp(t, answers(matrix('up')));
  await t.rejects(group.query(RANGE, fetchContext({ signal: AbortSignal.abort() })), { code: 'canceled' });
  t.equal(servers[0]!.requests.length, 0);
});

t.test(
  'a client that leaves while its request waits for a connection gets an error immediately',
  async (t) => {
    // An address that drops packets. Networks that reject it cause an error earlier.
    const group = openGroup(groupSettings(['192.0.2.1:9'], { httpClient: { dialTimeoutMs: 60_000 } }), {
      clock: systemClock,
      version: '1.2.3',
    });
    t.teardown(() => group.close());
    const client = new AbortController();
    const started = Date.now();
    const pending = group.query(INSTANT, fetchContext({ signal: client.signal }));
    setTimeout(() => {
      client.abort();
    }, 20);
    await t.rejects(pending, { name: 'PromfedError' });
    t.ok(Date.now() - started < 30_000, 'before the dial timeout');
  },
);

for (const { name, leave } of [
  {
    name: 'closing a stream before its first frame',
    leave: (frames: FrameStream): Promise<void> => {
      frames.close();
      return Promise.resolve();
    },
  },
  {
    name: 'closing a stream after its first batch',
    leave: async (frames: FrameStream): Promise<void> => {
      await frames.next();
      frames.close();
    },
  },
  {
    name: 'closing a stream while it waits for the upstream',
    leave: async (frames: FrameStream): Promise<void> => {
      await frames.next();
      const waiting = frames.next();
      frames.close();
      t.equal(await waiting, undefined);
    },
  },
]) {
  t.test(`${name} closes the connections of every replica, compressed or not`, async (t) => {
    const { group, servers, observations } = await setUp(
      t,
      neverEnds(BEGINNING, piece),
      neverEndsGzipped(BEGINNING, piece),
    );
    const { frames } = await group.query(RANGE, fetchContext());
    await leave(frames);
    for (const server of servers) await server.untilHungUp();
    await until(() => observations.length === 2, 'both observations');
    t.strictSame(
      observations.map(({ outcome }) => outcome),
      ['canceled', 'canceled'],
    );
    t.equal(await frames.next(), undefined);
  });
}

t.test('a client that leaves within the stream cancels it', async (t) => {
  const { group, servers } = await setUp(t, trickles(`${BEGINNING}${piece(0)}`));
  const client = new AbortController();
  const { frames } = await group.query(RANGE, fetchContext({ signal: client.signal }));
  setTimeout(() => {
    client.abort();
  }, 60);
  await t.rejects(
    (async () => {
      for await (const batch of itemsOf(frames)) t.ok(batch);
    })(),
    { code: 'canceled' },
  );
  await servers[0]!.untilHungUp();
});

t.test('a client that leaves while a small answer is buffered cancels it', async (t) => {
  const { group, servers, observations } = await setUp(t, trickles(`${BEGINNING}${piece(0)}`));
  const client = new AbortController();
  const { frames, tryBuffer: readSmall } = await group.query(RANGE, fetchContext({ signal: client.signal }));
  setTimeout(() => {
    client.abort();
  }, 60);
  t.equal(await readSmall?.(), undefined);
  await t.rejects(
    (async () => {
      for await (const batch of itemsOf(frames)) t.ok(batch);
    })(),
    { code: 'canceled' },
  );
  await servers[0]!.untilHungUp();
  t.strictSame(
    observations.map(({ outcome }) => outcome),
    ['canceled'],
  );
});

t.test('a deadline that passes while a small answer is buffered is a timeout', async (t) => {
  const { group, servers } = await setUp(t, trickles(`${BEGINNING}${piece(0)}`));
  const { frames, tryBuffer: readSmall } = await group.query(RANGE, fetchContext({}, 300));
  t.equal(await readSmall?.(), undefined);
  await t.rejects(
    (async () => {
      for await (const batch of itemsOf(frames)) t.ok(batch);
    })(),
    { code: 'timeout' },
  );
  await servers[0]!.untilHungUp();
});

t.test('a buffered answer is observed immediately, and its connection is reused', async (t) => {
  const { group, servers, observations } = await setUp(t, answersAfter(1, answers(matrix('up'))));
  for (let i = 0; i < 3; i++) {
    const { tryBuffer: readSmall } = await group.query(RANGE, fetchContext());
    const whole = await readSmall?.();
    t.strictSame(
      whole?.frames.map(({ labels }) => labels.get('__name__')),
      ['up'],
    );
    t.equal(observations.length, i + 1);
    t.equal(observations[i]?.outcome, 'ok');
  }
  // The pool learns a tick after the end that a connection is free.
  t.ok(servers[0]!.openSockets <= 2);
});

t.test('closing a group fails the requests in progress', async (t) => {
  const { group, servers } = await setUp(t, staysSilent);
  const pending = group.query(INSTANT, fetchContext());
  const rejected = t.rejects(pending, { code: 'canceled', message: /closed/ });
  await servers[0]!.untilRequests(1);
  await group.close();
  await rejected;
  await servers[0]!.untilHungUp();
  await t.rejects(group.query(INSTANT, fetchContext()), { code: 'canceled' });
});

t.test('connections are reused, and many requests of one query leave no listener behind', async (t) => {
  const { group, servers, observations } = await setUp(t, answersAfter(1, answers(matrix('up'))));
  const signal = AbortSignal.timeout(100_000);
  // Each pending request has a listener.
  setMaxListeners(0, signal);
  const context = fetchContext({ signal });
  const read = async (): Promise<void> => {
    const { frames } = await group.query(RANGE, context);
    for await (const batch of itemsOf(frames)) t.equal(batch.length, 1);
  };
  await Promise.all(Array.from({ length: 30 }, read));
  for (let i = 0; i < 20; i++) await read();
  t.ok(servers[0]!.openSockets <= 30);
  t.equal(observations.length, 50);
  t.ok(
    observations.every(({ outcome, bytes, durationMs }) => outcome === 'ok' && bytes > 50 && durationMs >= 0),
  );
  await new Promise((resolve) => setImmediate(resolve));
  t.strictSame(getEventListeners(signal, 'abort'), []);
});

t.test('an idle connection that the target has closed is not an error', async (t) => {
  let answered = 0;
  const { group, servers } = await setUp(t, (response, socket, request) => {
    answered += 1;
    // The second request meets a connection that ends without an answer, as one closed while idle does.
    if (answered === 2) socket.resetAndDestroy();
    else answers(matrix('up'))(response, socket, request);
  });
  for (let i = 0; i < 2; i++) {
    const { frames } = await group.query(RANGE, fetchContext());
    for await (const batch of itemsOf(frames)) t.equal(batch.length, 1);
  }
  t.equal(servers[0]!.requests.length, 3);
});
