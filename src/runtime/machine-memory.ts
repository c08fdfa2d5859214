// Memory available to this process: that of the machine, within the limits of its control groups.

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Files with limits in bytes in the directory of a control group, by version. */
const LIMIT_FILES = {
  2: ['memory.max', 'memory.high'],
  1: ['memory.limit_in_bytes'],
} as const;

/** A mounted hierarchy of control groups. */
interface Mount {
  readonly version: 1 | 2;
  /** The mounted group, as /proc/self/cgroup names it. */
  readonly group: string;
  /** Path of the mount point. */
  readonly mountPoint: string;
}

/**
 * Returns the memory that this process may use, in bytes: the lowest of `physicalBytes` and the limits of its control
 * groups, of either version, and of the groups above them. Unreadable files do not limit.
 *
 * @param root directory that contains `proc` and `sys`.
 */
export function readMachineMemory(physicalBytes: number, root = '/'): number {
  const ownGroups = parseCgroup(readOrEmpty(join(root, 'proc/self/cgroup')));
  let lowest = physicalBytes;
  for (const mount of parseMountinfo(readOrEmpty(join(root, 'proc/self/mountinfo')))) {
    const path = ownGroups.get(mount.version);
    if (path === undefined) continue;
    const top = join(root, mount.mountPoint);
    let directory = join(top, pathBelow(mount, path));
    for (;;) {
      for (const file of LIMIT_FILES[mount.version]) {
        lowest = Math.min(lowest, parseLimit(readOrEmpty(join(directory, file))));
      }
      if (directory.length <= top.length) break;
      directory = dirname(directory);
    }
  }
  return lowest;
}

/**
 * Returns the path of a group relative to the mount point. Empty for a group outside of the mount: in a cgroup
 * namespace paths are relative to the namespace's root.
 */
function pathBelow({ group }: Mount, path: string): string {
  const isBelow = path === group || path.startsWith(group === '/' ? '/' : `${group}/`);
  return isBelow && !path.includes('..') ? path.slice(group === '/' ? 0 : group.length) : '';
}

/**
 * Returns the path of the process' group, by version. Lines are `hierarchy-ID:controller-list:cgroup-path`.
 *
 * Source: cgroups(7), /proc/pid/cgroup.
 */
function parseCgroup(text: string): ReadonlyMap<1 | 2, string> {
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

/**
 * Returns the mounts of control groups. Lines are `id parent dev root mount-point options … - type source
 * super-options`.
 *
 * Source: proc(5), /proc/pid/mountinfo.
 */
function parseMountinfo(text: string): readonly Mount[] {
  const mounts: Mount[] = [];
  for (const line of text.split('\n')) {
    const [before = '', after = ''] = line.split(' - ');
    const [, , , group, mountPoint] = before.split(' ').map(unescapeOctal);
    const [type, , options = ''] = after.split(' ');
    if (group === undefined || mountPoint === undefined) continue;
    if (type === 'cgroup2') mounts.push({ version: 2, group, mountPoint });
    else if (type === 'cgroup' && options.split(',').includes('memory'))
      mounts.push({ version: 1, group, mountPoint });
  }
  return mounts;
}

/** Decodes `\040` and the like: the kernel escapes spaces, tabs, newlines and backslashes. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
}

/** Returns a limit in bytes; Infinity for `max`, 0 and anything that is not a number. */
function parseLimit(text: string): number {
  const bytes = /^\d+\s*$/.test(text) ? Number(text) : Infinity;
  return bytes > 0 ? bytes : Infinity;
}

/** Returns the text of a file; empty when it cannot be read. */
function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
