import t from 'tap';

import { ManualTimers } from '../../helpers/runtime/manual-timers.js';
import {
  LEASE_MS,
  passChecked,
  type ReplicaOptions,
  SharedRecord,
  sharedTwice,
  SimulatedReplica,
} from '../../helpers/rules/election/simulation.js';

const GROUPS = Array.from({ length: 12 }, (_, i) => `/rules/${i % 3}.yaml;group-${i}`);

function setup() {
  const timers = new ManualTimers();
  const record = new SharedRecord();
  const replicas: SimulatedReplica[] = [];
  return {
    timers,
    record,
    replicas,
    add: (id: string, options: ReplicaOptions = {}) => {
      const replica = new SimulatedReplica(id, record, timers, options).start(GROUPS);
      replicas.push(replica);
      return replica;
    },
    counts: () => replicas.map((replica) => replica.held(GROUPS).length),
    pass: (ms: number) =>
      passChecked(timers, ms, () => {
        const twice = sharedTwice(replicas, GROUPS);
        if (twice.length > 0) throw new Error(`two replicas evaluate ${twice.join(', ')}`);
      }),
  };
}

t.test('a single replica takes all groups after one lease', async (t) => {
  const { add, pass, counts } = setup();
  add('a');
  await pass(LEASE_MS - 200);
  t.strictSame(counts(), [0]);
  await pass(500);
  t.strictSame(counts(), [12]);
});

t.test('replicas that start together share the groups evenly', async (t) => {
  const { add, pass, counts } = setup();
  add('a');
  add('b');
  add('c');
  await pass(3 * LEASE_MS);
  t.strictSame(counts(), [4, 4, 4]);
});

t.test(
  'a replica that joins gets a share, and groups are given up only when they have stopped',
  async (t) => {
    const { add, pass, counts } = setup();
    const a = add('a');
    await pass(2 * LEASE_MS);
    const finish: (() => void)[] = [];
    a.elector.onChange(() => new Promise((resolve) => finish.push(resolve)));
    add('b');
    await pass(3 * LEASE_MS);
    t.strictSame(counts(), [6, 0], 'the groups are being stopped');
    for (const one of finish) one();
    await pass(LEASE_MS);
    t.strictSame(counts(), [6, 6]);
  },
);

t.test('the groups of a replica that was killed are taken within four thirds of a lease', async (t) => {
  const { add, pass, counts, replicas } = setup();
  add('a');
  const b = add('b');
  await pass(3 * LEASE_MS);
  t.strictSame(counts(), [6, 6]);
  b.freeze();
  replicas.pop();
  await pass((LEASE_MS * 4) / 3 + 100);
  t.strictSame(counts(), [12]);
});

t.test('a frozen replica has lost its groups when it continues, and gets some again', async (t) => {
  const { add, pass, counts } = setup();
  add('a');
  const b = add('b');
  await pass(3 * LEASE_MS);
  b.freeze();
  await pass(3 * LEASE_MS);
  t.strictSame(counts(), [12, 0]);
  b.resume();
  t.strictSame(counts(), [12, 0], 'before anything else happens');
  await pass(3 * LEASE_MS);
  t.strictSame(counts(), [6, 6]);
});

t.test('a replica that stops hands its groups over at once', async (t) => {
  const { add, pass, counts, replicas, timers } = setup();
  add('a');
  const b = add('b');
  await pass(3 * LEASE_MS);
  const closed = b.elector.close();
  await timers.pass(200);
  await closed;
  replicas.pop();
  await pass(LEASE_MS / 3);
  t.strictSame(counts(), [12]);
});

t.test('without the store nothing is evaluated, and the same leases continue afterwards', async (t) => {
  const { add, pass, counts, replicas } = setup();
  const a = add('a');
  add('b');
  await pass(3 * LEASE_MS);
  const lease = GROUPS.map((key) => a.elector.leaseOf(key)).find((one) => one !== undefined)!;
  let ended = 0;
  lease.onEnd(() => ended++);
  for (const replica of replicas) replica.isPartitioned = true;
  await pass(3 * LEASE_MS);
  t.strictSame(counts(), [0, 0]);
  t.equal(ended, 1);
  t.ok(GROUPS.every((key) => a.elector.holderOf(key) === undefined));
  for (const replica of replicas) replica.isPartitioned = false;
  await pass(LEASE_MS);
  t.strictSame(counts(), [6, 6]);
  t.ok(GROUPS.some((key) => a.elector.leaseOf(key) === lease));
});

t.test('with on_store_failure: evaluate every replica evaluates all groups without the store', async (t) => {
  const { add, pass, counts, timers, replicas } = setup();
  add('a', { evaluatesWithoutStore: true });
  const b = add('b', { evaluatesWithoutStore: true });
  await pass(3 * LEASE_MS);
  for (const replica of replicas) replica.isPartitioned = true;
  await timers.pass(2 * LEASE_MS);
  t.strictSame(counts(), [12, 12]);
  const lastResort = GROUPS.map((key) => b.elector.leaseOf(key)!).filter(({ isHeld }) => isHeld);
  t.equal(lastResort.length, 12);
  for (const replica of replicas) replica.isPartitioned = false;
  await timers.pass(LEASE_MS);
  t.strictSame(counts(), [6, 6]);
});

t.test('a store that loses its data changes nothing', async (t) => {
  const { add, pass, counts, record, replicas } = setup();
  add('a');
  add('b');
  await pass(3 * LEASE_MS);
  const before = replicas.map((replica) => replica.held(GROUPS));
  for (const writes of [1_000, 3, 10]) {
    record.rollBack(writes);
    await pass(LEASE_MS);
    t.strictSame(counts(), [6, 6]);
    t.strictSame(
      replicas.map((replica) => replica.held(GROUPS)),
      before,
    );
  }
});

t.test('groups that a reload adds or removes are shared as well', async (t) => {
  const { add, pass, replicas } = setup();
  add('a');
  add('b');
  await pass(3 * LEASE_MS);
  const more = [...GROUPS, ...Array.from({ length: 8 }, (_, i) => `/rules/new.yaml;${i}`)];
  for (const { elector } of replicas) elector.update(more, LEASE_MS);
  await pass(LEASE_MS);
  const shares = replicas.map((replica) => replica.held(more).length);
  t.equal(shares[0]! + shares[1]!, 20);
  t.ok(Math.abs(shares[0]! - shares[1]!) <= 2, shares.join(' and '));
  for (const { elector } of replicas) elector.update(GROUPS.slice(0, 2), LEASE_MS);
  await pass(3 * LEASE_MS);
  t.strictSame(
    replicas.map((replica) => replica.held(GROUPS.slice(0, 2)).length),
    [1, 1],
  );
});

t.test('replicas with other groups are not waited for', async (t) => {
  const { add, pass, replicas } = setup();
  const a = add('a');
  add('b');
  await pass(4 * LEASE_MS);
  const more = [...GROUPS, ...Array.from({ length: 8 }, (_, i) => `/rules/new.yaml;${i}`)];
  a.elector.update(more, LEASE_MS);
  await pass(LEASE_MS);
  const held = replicas.map((replica) => replica.held(more));
  t.strictSame(new Set(held.flat()), new Set(more), 'every group of the new configuration is evaluated');
});
