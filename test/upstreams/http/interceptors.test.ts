// The interceptors of a target as an HTTP server sees them: headers of single requests, authentication, retries.

import type { Socket } from 'node:net';

import t, { type Test } from 'tap';

import { systemClock } from '../../../src/runtime/index.js';
import type { UpstreamObservation } from '../../../src/upstreams/index.js';
import {
  answers,
  resets,
  startFaultServer,
  type Fault,
  type FaultServer,
} from '../../helpers/upstreams/fault-server.js';
import {
  basicAuth,
  bearer,
  fetchContext,
  groupSettings,
  openGroup,
  success,
  type GroupOverrides,
  type OpenGroup,
} from '../settings.js';

const EVERYTHING = { selectors: [], startMs: undefined, endMs: undefined, limit: undefined };

interface Setup {
  readonly group: OpenGroup;
  readonly server: FaultServer;
  readonly observations: UpstreamObservation[];
}

async function setUp(t: Test, fault: Fault, overrides: GroupOverrides = {}): Promise<Setup> {
  const server = await startFaultServer(fault);
  const observations: UpstreamObservation[] = [];
  const group = openGroup(groupSettings([server.target], overrides), {
    clock: systemClock,
    version: '1.2.3',
    metrics: { observe: (observation) => observations.push(observation) },
  });
  t.teardown(async () => {
    await group.close();
    await server.close();
  });
  return { group, server, observations };
}

t.test('a request carries its own headers beside the configured ones', async (t) => {
  const { group, server } = await setUp(t, answers(success([])), {
    httpHeaders: [
      ['X-Scope-OrgID', 'everyone'],
      ['X-Kept', 'yes'],
    ],
    httpClient: { authentication: bearer('secret-token') },
  });
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const headers = ['traceparent', traceparent, 'x-scope-orgid', 'one'];
  await group.labelNames(EVERYTHING, fetchContext({ headers }));
  await group.labelValues('job', EVERYTHING, fetchContext({ headers }));
  await group.labelNames(EVERYTHING, fetchContext());
  await group.labelNames(EVERYTHING, fetchContext({ headers: ['authorization', 'Bearer of-the-caller'] }));
  const [post, get, plain, own] = server.requests;
  for (const request of [post, get]) {
    t.match(request?.headers, {
      traceparent,
      'x-scope-orgid': 'one',
      'x-kept': 'yes',
      authorization: 'Bearer secret-token',
      'user-agent': 'promfed/1.2.3',
    });
  }
  t.equal(post?.headers['content-type'], 'application/x-www-form-urlencoded');
  t.equal(get?.headers['content-type'], undefined);
  t.match(plain?.headers, { 'x-scope-orgid': 'everyone', 'x-kept': 'yes' });
  t.equal(plain?.headers['traceparent'], undefined, 'the next request does not inherit them');
  t.equal(own?.headers.authorization, 'Bearer of-the-caller');
});

t.test('basic authentication is sent as UTF-8', async (t) => {
  const { group, server } = await setUp(t, answers(success([])), {
    httpClient: { authentication: basicAuth('ä', 'b:€') },
  });
  await group.labelNames(EVERYTHING, fetchContext());
  t.equal(server.requests[0]?.headers.authorization, `Basic ${Buffer.from('ä:b:€').toString('base64')}`);
});

/** Answers each connection's first request well, and closes the connection at its second. */
function closesKeptConnections(close: (socket: Socket) => void): Fault {
  const used = new WeakSet<Socket>();
  return (response, socket, request) => {
    if (used.has(socket)) close(socket);
    else answers(success(['a']))(response, socket, request);
    used.add(socket);
  };
}

t.test('a request on a connection that was closed while idle is sent again, and counts once', async (t) => {
  for (const close of [(socket: Socket) => socket.destroy(), (socket: Socket) => socket.resetAndDestroy()]) {
    const { group, server, observations } = await setUp(t, closesKeptConnections(close));
    t.strictSame((await group.labelNames(EVERYTHING, fetchContext())).data, ['a']);
    // The pool takes a connection back a moment after its response.
    await new Promise((resolve) => setTimeout(resolve, 20));
    t.strictSame((await group.labelNames(EVERYTHING, fetchContext())).data, ['a']);
    t.equal(server.requests.length, 3);
    t.match(observations, [{ outcome: 'ok' }, { outcome: 'ok' }]);
    t.equal(observations.length, 2);
  }
});

t.test('a target that resets every connection gets a request twice, not more often', async (t) => {
  const { group, server, observations } = await setUp(t, resets);
  await t.rejects(group.labelNames(EVERYTHING, fetchContext()), { message: /: connection reset$/ });
  t.equal(server.requests.length, 2);
  t.match(observations, [{ outcome: 'error', bytes: 0 }]);
});

t.test('a client that leaves during the second attempt ends it', async (t) => {
  let received = 0;
  const { group, server, observations } = await setUp(t, (_response, socket) => {
    if (++received === 1) socket.resetAndDestroy();
  });
  const client = new AbortController();
  const names = group.labelNames(EVERYTHING, fetchContext({ signal: client.signal }));
  await server.untilRequests(2);
  client.abort();
  await t.rejects(names, { code: 'canceled' });
  await server.untilHungUp();
  t.match(observations, [{ outcome: 'canceled' }]);
});
