// Memory limits read from the files of control groups of both versions.

import t from 'tap';

import { readMachineMemory } from '../../src/runtime/index.js';
import { writeFiles } from '../helpers/runtime/write-files.js';

const MB = 2 ** 20;
const PHYSICAL = 8192 * MB;

const V2 = '35 24 0:30 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n';
const V1 =
  '33 24 0:28 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n' +
  '34 24 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n';

for (const { name, files, expected } of [
  { name: 'the physical memory applies without control groups', files: {}, expected: PHYSICAL },
  {
    name: 'a limit of the own group applies (version 2)',
    files: {
      'proc/self/cgroup': '0::/pods/a\n',
      'proc/self/mountinfo': V2,
      'sys/fs/cgroup/pods/a/memory.max': `${512 * MB}\n`,
      'sys/fs/cgroup/pods/a/memory.high': 'max\n',
    },
    expected: 512 * MB,
  },
  {
    name: 'a lower limit of a group above applies',
    files: {
      'proc/self/cgroup': '0::/pods/a/b\n',
      'proc/self/mountinfo': V2,
      'sys/fs/cgroup/pods/a/b/memory.max': 'max\n',
      'sys/fs/cgroup/pods/a/memory.max': `${512 * MB}\n`,
      'sys/fs/cgroup/pods/memory.max': `${256 * MB}\n`,
    },
    expected: 256 * MB,
  },
  {
    name: 'memory.high, the throttling threshold, applies',
    files: {
      'proc/self/cgroup': '0::/a\n',
      'proc/self/mountinfo': V2,
      'sys/fs/cgroup/a/memory.max': `${512 * MB}\n`,
      'sys/fs/cgroup/a/memory.high': `${400 * MB}\n`,
    },
    expected: 400 * MB,
  },
  {
    name: 'a container sees its own group as the root',
    files: {
      'proc/self/cgroup': '0::/\n',
      'proc/self/mountinfo': V2,
      'sys/fs/cgroup/memory.max': `${300 * MB}\n`,
    },
    expected: 300 * MB,
  },
  {
    name: 'a container without a cgroup namespace has a mount of its own group only',
    files: {
      'proc/self/cgroup': '0::/docker/abc\n',
      'proc/self/mountinfo': V2.replace(' / /sys', ' /docker/abc /sys'),
      'sys/fs/cgroup/memory.max': `${300 * MB}\n`,
    },
    expected: 300 * MB,
  },
  {
    name: 'the mounted group applies to a group outside of the mount',
    files: {
      'proc/self/cgroup': '0::/../../other\n',
      'proc/self/mountinfo': V2,
      'sys/fs/cgroup/memory.max': `${300 * MB}\n`,
    },
    expected: 300 * MB,
  },
  {
    name: 'only the memory controller applies (version 1)',
    files: {
      'proc/self/cgroup': '4:memory:/process\n3:cpuset:/other\n0::/\n',
      'proc/self/mountinfo': V1,
      'sys/fs/cgroup/memory/process/memory.limit_in_bytes': `${640 * MB}\n`,
      'sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
      'sys/fs/cgroup/memory/other/memory.limit_in_bytes': `${1 * MB}\n`,
    },
    expected: 640 * MB,
  },
  {
    name: 'a limit above the physical memory is ignored',
    files: {
      'proc/self/cgroup': '0::/a\n',
      'proc/self/mountinfo': V2,
      'sys/fs/cgroup/a/memory.max': `${2 * PHYSICAL}\n`,
    },
    expected: PHYSICAL,
  },
  {
    name: 'malformed files are ignored',
    files: {
      'proc/self/cgroup': 'not a cgroup line\n0::/a\n',
      'proc/self/mountinfo': `nonsense\n\n - \n${V2}`,
      'sys/fs/cgroup/a/memory.max': '0\n',
      'sys/fs/cgroup/a/memory.high': '-1\n',
      'sys/fs/cgroup/memory.max': 'NaN',
    },
    expected: PHYSICAL,
  },
]) {
  t.test(name, async (t) => {
    const root = t.testdir();
    writeFiles(root, files);
    t.equal(readMachineMemory(PHYSICAL, root), expected);
  });
}

t.test('the limit of this machine is at most its physical memory', async (t) => {
  const bytes = readMachineMemory(PHYSICAL);
  t.ok(bytes > MB && bytes <= PHYSICAL, String(bytes));
});
