// CPU quotas read from the files of control groups of both versions.

import { availableParallelism } from 'node:os';

import t from 'tap';

import { availableCores } from '../../src/runtime/index.js';

const V2 = '/sys/fs/cgroup';

for (const { name, machine = 16, files, expected } of [
  { name: 'all cores are available without control groups', files: {}, expected: 16 },
  {
    name: 'a group without a quota does not limit',
    files: { self: '0::/a\n', [`${V2}/a/cpu.max`]: 'max 100000\n' },
    expected: 16,
  },
  {
    name: 'a quota of whole cores applies',
    files: { self: '0::/a\n', [`${V2}/a/cpu.max`]: '400000 100000\n' },
    expected: 4,
  },
  {
    name: 'a fraction of a core is rounded up',
    files: { self: '0::/a\n', [`${V2}/a/cpu.max`]: '250000 100000\n' },
    expected: 3,
  },
  {
    name: 'a quota below one core counts as one',
    files: { self: '0::/a\n', [`${V2}/a/cpu.max`]: '1000 100000\n' },
    expected: 1,
  },
  {
    name: 'the quota is relative to its period',
    files: { self: '0::/a\n', [`${V2}/a/cpu.max`]: '100000 50000\n' },
    expected: 2,
  },
  {
    name: 'a quota above the cores of the machine is ignored',
    files: { self: '0::/a\n', [`${V2}/a/cpu.max`]: '3200000 100000\n' },
    expected: 16,
  },
  {
    name: 'a lower quota of a group above applies',
    files: {
      self: '0::/a/b/c\n',
      [`${V2}/a/b/c/cpu.max`]: '800000 100000',
      [`${V2}/a/cpu.max`]: '200000 100000',
    },
    expected: 2,
  },
  {
    name: 'a container sees its own group as the root',
    files: { self: '0::/docker/abc\n', [`${V2}/cpu.max`]: '300000 100000\n' },
    expected: 3,
  },
  {
    name: 'the mounted group applies to a group outside of the mount',
    files: { self: '0::/../../other\n', [`${V2}/cpu.max`]: '300000 100000\n' },
    expected: 3,
  },
  {
    name: 'a mount named after both controllers is found (version 1)',
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
    name: 'a mount named cpu is found (version 1)',
    files: {
      self: '4:cpuacct,cpu:/a/b\n',
      [`${V2}/cpu/a/cpu.cfs_quota_us`]: '150000\n',
      [`${V2}/cpu/a/cpu.cfs_period_us`]: '100000\n',
    },
    expected: 2,
  },
  {
    name: 'a quota of -1 does not limit (version 1)',
    files: {
      self: '4:cpu:/a\n',
      [`${V2}/cpu/a/cpu.cfs_quota_us`]: '-1\n',
      [`${V2}/cpu/a/cpu.cfs_period_us`]: '100000\n',
    },
    expected: 16,
  },
  {
    name: 'malformed files are ignored',
    files: {
      self: 'not a cgroup line\n::\n0::/a\n',
      [`${V2}/a/cpu.max`]: 'lots\n',
      [`${V2}/cpu.max`]: '0 0\n',
    },
    expected: 16,
  },
  { name: 'at least one core is reported', machine: 0, files: {}, expected: 1 },
] as readonly { name: string; machine?: number; files: Record<string, string>; expected: number }[]) {
  t.test(name, (t) => {
    const read = (path: string): string | undefined => files[path === '/proc/self/cgroup' ? 'self' : path];
    t.equal(availableCores(machine, read), expected);
    t.end();
  });
}

t.test('this machine has at least one core, and at most its parallelism', (t) => {
  const cores = availableCores();
  t.ok(Number.isInteger(cores) && cores >= 1 && cores <= availableParallelism(), String(cores));
  t.end();
});
