// The Linux control groups that limit this process.

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A control group that limits this process: its own group, or one above it. */
export interface ControlGroup {
  readonly version: 1 | 2;
  /** Path of the directory that holds the group's files. */
  readonly directory: string;
}

/** A mounted hierarchy of control groups. */
interface Mount {
  readonly version: 1 | 2;
  /** The mounted group, as /proc/self/cgroup names it. */
  readonly group: string;
  /** Path of the mount point. */
  readonly mountPoint: string;
}

/**
 * Returns the control groups of this process, of either version, and the groups above them: the limits of all of them
 * apply. Empty when the kernel's files cannot be read.
 *
 * @param controller selects the hierarchy of version 1. Version 2 has one hierarchy for all controllers.
 * @param root directory that contains `proc` and `sys`.
 */
export function controlGroups(controller: 'cpu' | 'memory', root: string): readonly ControlGroup[] {
  const ownGroups = parseCgroup(readOrEmpty(join(root, 'proc/self/cgroup')), controller);
  const groups: ControlGroup[] = [];
  for (const mount of parseMountinfo(readOrEmpty(join(root, 'proc/self/mountinfo')), controller)) {
    const path = ownGroups.get(mount.version);
    if (path === undefined) continue;
    const top = join(root, mount.mountPoint);
    let directory = join(top, pathBelow(mount, path));
    for (;;) {
      groups.push({ version: mount.version, directory });
      if (directory.length <= top.length) break;
      directory = dirname(directory);
    }
  }
  return groups;
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
function parseCgroup(text: string, controller: string): ReadonlyMap<1 | 2, string> {
  const groups = new Map<1 | 2, string>();
  for (const line of text.split('\n')) {
    const match = /^(\d+):([^:]*):(\/.*)$/.exec(line);
    if (match === null) continue;
    const [, id, controllers, path] = match;
    if (id === '0' && controllers === '') groups.set(2, path!);
    else if (controllers!.split(',').includes(controller)) groups.set(1, path!);
  }
  return groups;
}

/**
 * Returns the mounts of control groups. Lines are `id parent dev root mount-point options … - type source
 * super-options`.
 *
 * Source: proc(5), /proc/pid/mountinfo.
 */
function parseMountinfo(text: string, controller: string): readonly Mount[] {
  const mounts: Mount[] = [];
  for (const line of text.split('\n')) {
    const [before = '', after = ''] = line.split(' - ');
    const [, , , group, mountPoint] = before.split(' ').map(unescapeOctal);
    const [type, , options = ''] = after.split(' ');
    if (group === undefined || mountPoint === undefined) continue;
    if (type === 'cgroup2') mounts.push({ version: 2, group, mountPoint });
    else if (type === 'cgroup' && options.split(',').includes(controller))
      mounts.push({ version: 1, group, mountPoint });
  }
  return mounts;
}

/** Decodes `\040` and the like: the kernel escapes spaces, tabs, newlines and backslashes. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
}

/** Returns the text of a file; empty when it cannot be read. */
export function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
