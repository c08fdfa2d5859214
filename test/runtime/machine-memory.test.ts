// The memory that a process may use, by control groups of both versions, laid out as files.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import t from 'tap';

import { readMachineMemory } from '../../src/runtime/machine-memory.js';

const MB = 2 ** 20;
const PHYSICAL = 8192 * MB;

const V2 = '35 24 0:30 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n';
const V1 =
  '33 24 0:28 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n' +
  '34 24 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n';

for (const { name, files, expected } of [
  { name: 'without control groups it is the machine that counts', files: {}, expected: PHYSICAL },
  {
    name: 'a limit of the own group, version 2',
    files: {
      'proc/self/cgroup': '0::/pods/a\n',
      'proc/self/mountinfo': V2,
      'sys/fs/cgroup/pods/a/memory.max': `${512 * MB}\n`,
      'sys/fs/cgroup/pods/a/memory.high': 'max\n',
    },
    expected: 512 * MB,
  },
  {
    name: 'a lower limit of a group around it',
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
    name: 'memory.high, from which on the group is held back',
    files: {
      'proc/self/cgroup': '0::/a\n',
      'proc/self/mountinfo': V2,
      'sys/fs/cgroup/a/memory.max': `${512 * MB}\n`,
      'sys/fs/cgroup/a/memory.high': `${400 * MB}\n`,
    },
    expected: 400 * MB,
  },
  {
    name: 'a container whose own group is the root of what it sees',
    files: {
      'proc/self/cgroup': '0::/\n',
      'proc/self/mountinfo': V2,
      'sys/fs/cgroup/memory.max': `${300 * MB}\n`,
    },
    expected: 300 * MB,
  },
  {
    name: 'a container without a namespace of its own: the mount shows its group only',
    files: {
      'proc/self/cgroup': '0::/docker/abc\n',
      'proc/self/mountinfo': V2.replace(' / /sys', ' /docker/abc /sys'),
      'sys/fs/cgroup/memory.max': `${300 * MB}\n`,
    },
    expected: 300 * MB,
  },
  {
    name: 'a group outside of what is mounted: what is mounted counts',
    files: {
      'proc/self/cgroup': '0::/../../other\n',
      'proc/self/mountinfo': V2,
      'sys/fs/cgroup/memory.max': `${300 * MB}\n`,
    },
    expected: 300 * MB,
  },
  {
    name: 'version 1, of the controller for memory alone',
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
    name: 'a limit beyond what the machine has',
    files: {
      'proc/self/cgroup': '0::/a\n',
      'proc/self/mountinfo': V2,
      'sys/fs/cgroup/a/memory.max': `${2 * PHYSICAL}\n`,
    },
    expected: PHYSICAL,
  },
  {
    name: 'files that say nothing one can read',
    files: {
      'proc/self/cgroup': 'what is this\n0::/a\n',
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
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    t.equal(readMachineMemory(PHYSICAL, root), expected);
  });
}

t.test('this very machine has some memory and no more than it has', async (t) => {
  const bytes = readMachineMemory(PHYSICAL);
  t.ok(bytes > MB && bytes <= PHYSICAL, String(bytes));
});
