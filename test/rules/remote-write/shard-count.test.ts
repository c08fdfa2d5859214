// The number of shards by load.

import t from 'tap';

import { ShardCount } from '../../../src/rules/remote-write/shard-count.js';

const LIMITS = { minShards: 1, maxShards: 10 };

interface Load {
  readonly name: string;
  /** Samples in ten seconds. */
  readonly enqueued: number;
  readonly sent: number;
  /** Time of all shards together. */
  readonly sendingMs: number;
  readonly pending: number;
  readonly current: number;
  readonly expected: number;
}

const LOADS: readonly Load[] = [
  { name: 'no samples', enqueued: 0, sent: 0, sendingMs: 0, pending: 0, current: 3, expected: 3 },
  {
    name: 'one shard is enough',
    enqueued: 1000,
    sent: 1000,
    sendingMs: 500,
    pending: 0,
    current: 1,
    expected: 1,
  },
  { name: 'more load', enqueued: 1000, sent: 250, sendingMs: 10_000, pending: 750, current: 1, expected: 6 },
  {
    name: 'the maximum',
    enqueued: 100_000,
    sent: 250,
    sendingMs: 10_000,
    pending: 0,
    current: 1,
    expected: 10,
  },
  { name: 'less load', enqueued: 100, sent: 100, sendingMs: 10, pending: 0, current: 6, expected: 1 },
  {
    name: 'less load with a backlog',
    enqueued: 100,
    sent: 100,
    sendingMs: 10,
    pending: 101,
    current: 6,
    expected: 6,
  },
  {
    name: 'a small change',
    enqueued: 1000,
    sent: 1000,
    sendingMs: 49_000,
    pending: 0,
    current: 4,
    expected: 4,
  },
];

for (const { name, enqueued, sent, sendingMs, pending, current, expected } of LOADS) {
  t.test(name, (t) => {
    const count = new ShardCount(LIMITS);
    count.enqueued(enqueued);
    count.sent(sent, sendingMs);
    t.equal(count.update(current, pending).shards, expected);
    t.end();
  });
}
