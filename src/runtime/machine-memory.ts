// How much memory this process may use: the machine's, or less where a control group limits it.

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Files of a control group that hold a limit in bytes, by version. */
const LIMIT_FILES = {
  2: ['memory.max', 'memory.high'],
  1: ['memory.limit_in_bytes'],
} as const;

interface Mount {
  readonly version: 1 | 2;
  /** Which group is mounted, as /proc/self/cgroup names it, and where. */
  readonly group: string;
  readonly at: string;
}

/**
 * The least of the machine's memory and every limit of this process' control groups and the groups around them, in
 * bytes. What cannot be read does not limit.
 *
 * @param root where `/proc` and `/sys` are.
 */
export function readMachineMemory(physicalBytes: number, root = '/'): number {
  const own = groupsOf(tryRead(join(root, 'proc/self/cgroup')));
  let least = physicalBytes;
  for (const { version, group, at } of mountsOf(tryRead(join(root, 'proc/self/mountinfo')))) {
    const path = own.get(version);
    if (path === undefined) continue;
    const top = join(root, at);
    // Within a namespace of its own a group is called by its place below the mount, or by one outside of it.
    const isBelow = path === group || path.startsWith(group === '/' ? '/' : `${group}/`);
    let directory = join(
      top,
      isBelow && !path.includes('..') ? path.slice(group === '/' ? 0 : group.length) : '',
    );
    for (;;) {
      for (const file of LIMIT_FILES[version]) {
        least = Math.min(least, limitOf(tryRead(join(directory, file))));
      }
      if (directory.length <= top.length) break;
      directory = dirname(directory);
    }
  }
  return least;
}

/** Which group the process is in, by version. Source: cgroups(7), `hierarchy-ID:controller-list:cgroup-path`. */
function groupsOf(text: string): ReadonlyMap<1 | 2, string> {
  const groups = new Map<1 | 2, string>();
  for (const line of text.split('\n')) {
    const match = /^(\d+):([^:]*):(\/.*)$/.exec(line);
    if (match === null) continue;
    const [, id, controllers, path] = match;
    if (id === '0' && controllers === '') groups.set(2, path!);
    else if (controllers!.split(',').includes('memory')) groups.set(1, path!);
  }
  return groups;
}

/** Source: proc(5), /proc/pid/mountinfo: `id parent dev root mount-point options … - type source super-options`. */
function mountsOf(text: string): readonly Mount[] {
  const mounts: Mount[] = [];
  for (const line of text.split('\n')) {
    const [before = '', after = ''] = line.split(' - ');
    const [, , , group, at] = before.split(' ').map(unescapeSpace);
    const [type, , options = ''] = after.split(' ');
    if (group === undefined || at === undefined) continue;
    if (type === 'cgroup2') mounts.push({ version: 2, group, at });
    else if (type === 'cgroup' && options.split(',').includes('memory'))
      mounts.push({ version: 1, group, at });
  }
  return mounts;
}

function unescapeSpace(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
}

/** `max`, and what is no number, is no limit. */
function limitOf(text: string): number {
  const bytes = /^\d+\s*$/.test(text) ? Number(text) : Infinity;
  return bytes > 0 ? bytes : Infinity;
}

function tryRead(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
