// CPU quotas read from the files of control groups of both versions.

import { availableParallelism } from 'node:os';

import t from 'tap';

import { availableCores } from '../../src/runtime/index.js';
import { writeFiles } from '../helpers/runtime/write-files.js';

const V2 = '35 24 0:30 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n';
const V1 =
  '33 24 0:28 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n' +
  '34 24 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n';

/** Files of a process whose only group is `path` of version 2. `quotas` is the text of `cpu.max`, by group. */
function version2(path: string, quotas: Readonly<Record<string, string>>): Record<string, string> {
  const files = Object.entries(quotas).map(
    ([group, text]) => [`sys/fs/cgroup${group}/cpu.max`, text] as const,
  );
  return { 'proc/self/cgroup': `0::${path}\n`, 'proc/self/mountinfo': V2, ...Object.fromEntries(files) };
}

interface Case {
  readonly name: string;
  readonly machine?: number;
  readonly files: Readonly<Record<string, string>>;
  readonly expected: number;
}

const CASES: readonly Case[] = [
  { name: 'all cores are available without control groups', files: {}, expected: 16 },
  {
    name: 'a group without a quota does not limit',
    files: version2('/a', { '/a': 'max 100000\n' }),
    expected: 16,
  },
  {
    name: 'a quota of whole cores applies',
    files: version2('/a', { '/a': '400000 100000\n' }),
    expected: 4,
  },
  {
    name: 'a fraction of a core is rounded up',
    files: version2('/a', { '/a': '250000 100000\n' }),
    expected: 3,
  },
  {
    name: 'a quota below one core counts as one',
    files: version2('/a', { '/a': '1000 100000\n' }),
    expected: 1,
  },
  {
    name: 'the quota is relative to its period',
    files: version2('/a', { '/a': '100000 50000\n' }),
    expected: 2,
  },
  {
    name: 'a quota above the cores of the machine is ignored',
    files: version2('/a', { '/a': '3200000 100000\n' }),
    expected: 16,
  },
  {
    name: 'a lower quota of a group above applies',
    files: version2('/a/b/c', { '/a/b/c': '800000 100000', '/a': '200000 100000' }),
    expected: 2,
  },
  {
    name: 'a container sees its own group as the root',
    files: version2('/', { '': '300000 100000\n' }),
    expected: 3,
  },
  {
    name: 'a container without a cgroup namespace has a mount of its own group only',
    files: {
      ...version2('/docker/abc', { '': '300000 100000\n' }),
      'proc/self/mountinfo': V2.replace(' / /sys', ' /docker/abc /sys'),
    },
    expected: 3,
  },
  {
    name: 'the mounted group applies to a group outside of the mount',
    files: version2('/../../other', { '': '300000 100000\n' }),
    expected: 3,
  },
  {
    name: 'only the cpu controller applies (version 1)',
    files: {
      'proc/self/cgroup': '7:memory:/m\n4:cpu,cpuacct:/a\n0::/\n',
      'proc/self/mountinfo': V1,
      'sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us': '500000\n',
      'sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us': '100000\n',
      'sys/fs/cgroup/memory/m/cpu.cfs_quota_us': '100000\n',
      'sys/fs/cgroup/memory/m/cpu.cfs_period_us': '100000\n',
    },
    expected: 5,
  },
  {
    name: 'a lower quota of a group above applies (version 1)',
    files: {
      'proc/self/cgroup': '4:cpuacct,cpu:/a/b\n',
      'proc/self/mountinfo': V1.replace('cgroup/cpu,cpuacct', 'cgroup/cpu'),
      'sys/fs/cgroup/cpu/a/cpu.cfs_quota_us': '150000\n',
      'sys/fs/cgroup/cpu/a/cpu.cfs_period_us': '100000\n',
    },
    expected: 2,
  },
  {
    name: 'a quota of -1 does not limit (version 1)',
    files: {
      'proc/self/cgroup': '4:cpu:/a\n',
      'proc/self/mountinfo': V1,
      'sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us': '-1\n',
      'sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us': '100000\n',
    },
    expected: 16,
  },
  {
    name: 'malformed files are ignored',
    files: {
      ...version2('/a', { '/a': 'lots\n', '': '0 0\n' }),
      'proc/self/cgroup': 'not a cgroup line\n::\n0::/a\n',
      'proc/self/mountinfo': `nonsense\n\n - \n${V2}`,
    },
    expected: 16,
  },
  { name: 'at least one core is reported', machine: 0, files: {}, expected: 1 },
];

for (const { name, machine = 16, files, expected } of CASES) {
  t.test(name, async (t) => {
    const root = t.testdir();
    writeFiles(root, files);
    t.equal(availableCores(machine, root), expected);
  });
}

t.test('this machine has at least one core, and at most its parallelism', (t) => {
  const cores = availableCores();
  t.ok(Number.isInteger(cores) && cores >= 1 && cores <= availableParallelism(), String(cores));
  t.end();
});
