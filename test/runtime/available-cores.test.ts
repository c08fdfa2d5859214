// How many cores a process may use, by the files of its control groups.

import { availableParallelism } from 'node:os';

import t from 'tap';

import { availableCores } from '../../src/runtime/index.js';

const V2 = '/sys/fs/cgroup';

for (const { name, machine = 16, files, expected } of [
  { name: 'no control groups at all', files: {}, expected: 16 },
  {
    name: 'a group without a limit',
    files: { self: '0::/a\n', [`${V2}/a/cpu.max`]: 'max 100000\n' },
    expected: 16,
  },
  { name: 'whole cores', files: { self: '0::/a\n', [`${V2}/a/cpu.max`]: '400000 100000\n' }, expected: 4 },
  {
    name: 'a part of a core counts as one more',
    files: { self: '0::/a\n', [`${V2}/a/cpu.max`]: '250000 100000\n' },
    expected: 3,
  },
  {
    name: 'less than a core is one',
    files: { self: '0::/a\n', [`${V2}/a/cpu.max`]: '1000 100000\n' },
    expected: 1,
  },
  { name: 'another period', files: { self: '0::/a\n', [`${V2}/a/cpu.max`]: '100000 50000\n' }, expected: 2 },
  {
    name: 'a limit beyond the machine',
    files: { self: '0::/a\n', [`${V2}/a/cpu.max`]: '3200000 100000\n' },
    expected: 16,
  },
  {
    name: 'a group further up holds too',
    files: {
      self: '0::/a/b/c\n',
      [`${V2}/a/b/c/cpu.max`]: '800000 100000',
      [`${V2}/a/cpu.max`]: '200000 100000',
    },
    expected: 2,
  },
  {
    name: 'a container sees its own group as the root only',
    files: { self: '0::/docker/abc\n', [`${V2}/cpu.max`]: '300000 100000\n' },
    expected: 3,
  },
  {
    name: 'a group outside of what is mounted: what is mounted counts',
    files: { self: '0::/../../other\n', [`${V2}/cpu.max`]: '300000 100000\n' },
    expected: 3,
  },
  {
    name: 'version 1, mounted by the names of both controllers',
    files: {
      self: '7:memory:/m\n4:cpu,cpuacct:/a\n0::/\n',
      [`${V2}/cpu,cpuacct/a/cpu.cfs_quota_us`]: '500000\n',
      [`${V2}/cpu,cpuacct/a/cpu.cfs_period_us`]: '100000\n',
      [`${V2}/memory/m/cpu.cfs_quota_us`]: '100000\n',
      [`${V2}/memory/m/cpu.cfs_period_us`]: '100000\n',
    },
    expected: 5,
  },
  {
    name: 'version 1, mounted as cpu',
    files: {
      self: '4:cpuacct,cpu:/a/b\n',
      [`${V2}/cpu/a/cpu.cfs_quota_us`]: '150000\n',
      [`${V2}/cpu/a/cpu.cfs_period_us`]: '100000\n',
    },
    expected: 2,
  },
  {
    name: 'version 1 without a quota',
    files: {
      self: '4:cpu:/a\n',
      [`${V2}/cpu/a/cpu.cfs_quota_us`]: '-1\n',
      [`${V2}/cpu/a/cpu.cfs_period_us`]: '100000\n',
    },
    expected: 16,
  },
  {
    name: 'files that say nothing one can read',
    files: { self: 'what is this\n::\n0::/a\n', [`${V2}/a/cpu.max`]: 'much\n', [`${V2}/cpu.max`]: '0 0\n' },
    expected: 16,
  },
  { name: 'a machine of which nothing is known', machine: 0, files: {}, expected: 1 },
] as readonly { name: string; machine?: number; files: Record<string, string>; expected: number }[]) {
  t.test(name, (t) => {
    const read = (path: string): string | undefined => files[path === '/proc/self/cgroup' ? 'self' : path];
    t.equal(availableCores(machine, read), expected);
    t.end();
  });
}

t.test('this very machine has a core at least, and no more than it has', (t) => {
  const cores = availableCores();
  t.ok(Number.isInteger(cores) && cores >= 1 && cores <= availableParallelism(), String(cores));
  t.end();
});
