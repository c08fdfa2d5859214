// Snapshots of a server group while its targets, its learned values and the time change.

import t, { type Test } from 'tap';

import type { ServerGroupSettings } from '../../src/config/index.js';
import type { DiscoveredTarget, TargetSource } from '../../src/discovery/index.js';
import { Labels } from '../../src/model/index.js';
import { NO_LOG, systemClock } from '../../src/runtime/index.js';
import {
  createServerGroup,
  type GroupSnapshot,
  type RegionQuery,
  type ServerGroup,
} from '../../src/upstreams/index.js';
import { answers, refuses, startFaultServer, type FaultServer } from '../helpers/upstreams/fault-server.js';
import { until } from '../helpers/until.js';
import { ManualTimers } from '../helpers/runtime/manual-timers.js';
import { fetchContext, groupSettings, matrix, success } from './settings.js';

const EVERYTHING = { selectors: [], startMs: undefined, endMs: undefined, limit: undefined };
const RANGE: RegionQuery = {
  kind: 'range',
  expr: 'x',
  grid: { startMs: 100_000, stepMs: 10_000, count: 2 },
};

class MemorySource implements TargetSource {
  targets: readonly DiscoveredTarget[];
  isClosed = false;
  #listener: () => void = () => undefined;

  constructor(...targets: DiscoveredTarget[]) {
    this.targets = targets;
  }

  onChange(listener: () => void): void {
    this.#listener = listener;
  }

  change(...targets: DiscoveredTarget[]): void {
    this.targets = targets;
    this.#listener();
  }

  close(): void {
    this.isClosed = true;
  }
}

function target({ target: address }: { readonly target: string }, labels = {}): DiscoveredTarget {
  return { address, labels: Labels.from(labels) };
}

interface Setup {
  readonly servers: readonly FaultServer[];
  readonly source: MemorySource;
  readonly group: ServerGroup;
  readonly log: string[];
  /** The only snapshot of the group now. */
  readonly snapshot: () => GroupSnapshot;
}

/** A group without targets, and servers that answer label names with their position. */
async function setUp(
  t: Test,
  serverCount: number,
  overrides: Partial<ServerGroupSettings> = {},
  timers = new ManualTimers(),
): Promise<Setup> {
  const servers = await Promise.all(
    Array.from({ length: serverCount }, (_, i) => startFaultServer(answers(success([`server-${i}`])))),
  );
  const source = new MemorySource();
  const log: string[] = [];
  const group = createServerGroup(
    { ...groupSettings([]), ...overrides },
    {
      clock: systemClock,
      version: '1.2.3',
      background: {
        timers,
        log: {
          ...NO_LOG,
          warn: (fields, message) => log.push(`${message} ${JSON.stringify(fields)}`),
        },
      },
    },
    source,
  );
  t.teardown(async () => {
    await group.close();
    for (const server of servers) await server.close();
  });
  const snapshot = (): GroupSnapshot => {
    const snapshots = group.snapshots(systemClock.now(), true);
    t.equal(snapshots.length, 1);
    return snapshots[0]!;
  };
  return { servers, source, group, log, snapshot };
}

async function namesOf(snapshot: GroupSnapshot): Promise<readonly string[]> {
  return (await snapshot.labelNames(EVERYTHING, fetchContext())).data;
}

t.test('a snapshot keeps its targets, and the next one has those that were added or removed', async (t) => {
  const { servers, source, snapshot } = await setUp(t, 2);
  source.change(target(servers[0]!));
  const before = snapshot();
  t.strictSame(await namesOf(before), ['server-0']);
  source.change(target(servers[0]!), target(servers[1]!));
  t.strictSame(await namesOf(before), ['server-0']);
  t.equal(before.replicated, false);
  t.strictSame(await namesOf(snapshot()), ['server-0', 'server-1']);
  t.equal(snapshot().replicated, true);
  source.change(target(servers[1]!));
  t.strictSame(await namesOf(snapshot()), ['server-1']);
  t.strictSame(await namesOf(before), ['server-0'], 'a removed target still answers');
});

t.test('a stream whose target is removed is read to its end', async (t) => {
  const { servers, source, snapshot } = await setUp(t, 1);
  source.change(target(servers[0]!));
  let finish: () => void = () => undefined;
  servers[0]!.behave((response) => {
    const text = JSON.stringify(matrix('a', 'b'));
    response.writeHead(200, { 'content-type': 'application/json' }).write(text.slice(0, -40));
    finish = () => response.end(text.slice(-40));
  });
  const { frames } = await snapshot().query(RANGE, fetchContext());
  source.change();
  finish();
  const names: string[] = [];
  for (let batch = await frames.next(); batch !== undefined; batch = await frames.next()) {
    names.push(...batch.map(({ labels }) => labels.metricName));
  }
  t.strictSame(names, ['a', 'b']);
});

t.test('a target that stays keeps its connections', async (t) => {
  const { servers, source, snapshot } = await setUp(t, 2);
  let connections = 0;
  const sockets = new Set<unknown>();
  servers[0]!.behave((response, socket, request) => {
    if (!sockets.has(socket)) connections += 1;
    sockets.add(socket);
    answers(success([]))(response, socket, request);
  });
  source.change(target(servers[0]!));
  await namesOf(snapshot());
  for (const targets of [
    [target(servers[1]!), target(servers[0]!)],
    [target(servers[0]!, { az: 'a' })],
    [target(servers[0]!)],
  ]) {
    source.change(...targets);
    // The pool takes a connection back a moment after its response.
    await new Promise((resolve) => setTimeout(resolve, 20));
    await namesOf(snapshot());
  }
  t.equal(connections, 1);
});

t.test('targets with different labels become separate snapshots', async (t) => {
  const { servers, source, group } = await setUp(t, 3);
  const [a, b, c] = servers;
  source.change(target(a!, { az: 'a' }), target(b!, { az: 'b', region: 'us' }), target(c!, { az: 'a' }));
  const snapshots = group.snapshots(systemClock.now(), true);
  t.strictSame(
    snapshots.map(({ name, labels, replicated }) => [name, labels.toJSON(), replicated]),
    [
      ['eu{az=a}', { az: 'a', region: 'eu' }, true],
      ['eu{az=b}', { az: 'b', region: 'eu' }, false],
    ],
  );
  t.strictSame(await Promise.all(snapshots.map(namesOf)), [['server-0', 'server-2'], ['server-1']]);
  b!.behave(refuses(500, 'internal', 'no'));
  await t.rejects(namesOf(snapshots[1]!), {
    code: 'upstream',
    message: `server group "eu{az=b}": target ${b!.target}: HTTP 500 internal: no`,
  });
});

t.test('a group without targets fails each request, and names itself', async (t) => {
  const { snapshot } = await setUp(t, 0);
  const none = { code: 'upstream', message: 'server group "eu": no targets' };
  await t.rejects(snapshot().query(RANGE, fetchContext()), none);
  await t.rejects(namesOf(snapshot()), none);
  t.match(snapshot(), { labels: Labels.from({ region: 'eu' }), replicated: false });
});

t.test('an invalid target of a source is ignored and logged', async (t) => {
  const { servers, source, snapshot, log } = await setUp(t, 1);
  source.change({ address: 'a:1/b', labels: Labels.EMPTY }, target(servers[0]!));
  t.strictSame(await namesOf(snapshot()), ['server-0']);
  t.match(log, [/^target ignored {"server_group":"eu","target":"a:1\/b","reason":".*is not host:port"}$/]);
});

t.test('bounds of a relative time range are those of the start of the request', async (t) => {
  const timeRange = { kind: 'relative', startMs: -500, endMs: undefined, truncate: false } as const;
  const { group } = await setUp(t, 0, { timeRange });
  const [early] = group.snapshots(10_000, true);
  const [late] = group.snapshots(20_000, true);
  t.match([early?.bounds, late?.bounds], [{ startMs: 9_500 }, { startMs: 19_500 }]);
});

t.test('label values that are learned later do not change a snapshot', async (t) => {
  const timers = new ManualTimers();
  const labelFilter = { dynamicLabels: ['job'], syncIntervalMs: 60_000, include: [], exclude: [] };
  const { servers, source, group } = await setUp(t, 2, { labelFilter }, timers);
  source.change(target(servers[0]!, { az: 'a' }), target(servers[1]!, { az: 'b' }));
  const judge = (value: string) => (snapshot: GroupSnapshot | undefined) =>
    snapshot?.filter?.judge({ name: 'job', op: '=', value }, (one) => one === value);
  const [before] = group.snapshots(timers.now(), true);
  await timers.pass(1000);
  await until(() => group.labelIndex()[0]?.isUsed === true, 'the first values');
  const now = group.snapshots(timers.now(), true);
  t.equal(judge('server-0')(before), 'unknown');
  t.strictSame(now.map(judge('server-1')), ['matches', 'matches'], 'the values of all targets');
  t.equal(judge('other')(now[0]), 'absent');
  t.equal(judge('other')(group.snapshots(timers.now(), false)[0]), 'unknown', 'without learned values');
});

t.test('closing a group closes its source', async (t) => {
  const { source, group } = await setUp(t, 0);
  await group.close();
  t.equal(source.isClosed, true);
});
