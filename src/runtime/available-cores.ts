// How many cores this process may use, limits of its control groups included.

import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { posix } from 'node:path';

/** The text of a file; undefined when it cannot be read. */
export type TryRead = (path: string) => string | undefined;

const ROOT = '/sys/fs/cgroup';

/**
 * What the machine, the scheduler's affinity and the control groups (of either version) leave to this process, in
 * whole cores, rounded up; at least 1.
 */
export function availableCores(machine = availableParallelism(), read: TryRead = tryReadFile): number {
  const limits = (read('/proc/self/cgroup') ?? '').split('\n').flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) return [];
    if (controllers === '') return foldersUpFrom(ROOT, path).map((folder) => limitOfVersion2(folder, read));
    if (!controllers.split(',').includes('cpu')) return [];
    // Mounted under the controllers' names, together or by a link for each.
    return [controllers, 'cpu']
      .flatMap((mount) => foldersUpFrom(`${ROOT}/${mount}`, path))
      .map((folder) => limitOfVersion1(folder, read));
  });
  return Math.max(1, Math.ceil(Math.min(machine, ...limits)));
}

/** A group's folder and those above it, all of whose limits hold. A container often sees its own as the root only. */
function foldersUpFrom(root: string, path: string): string[] {
  const folders = [root];
  for (let at = posix.normalize(`/${path}`); at !== '/'; at = posix.dirname(at)) folders.push(root + at);
  return folders;
}

/** Source: Linux, Documentation/admin-guide/cgroup-v2.rst: `$MAX $PERIOD` in microseconds, or `max`. */
function limitOfVersion2(folder: string, read: TryRead): number {
  const [quota, period] = (read(`${folder}/cpu.max`) ?? '').trim().split(' ');
  return coresOf(quota, period);
}

/** Source: Linux, Documentation/scheduler/sched-bwc.rst: a quota of -1 is none. */
function limitOfVersion1(folder: string, read: TryRead): number {
  return coresOf(read(`${folder}/cpu.cfs_quota_us`)?.trim(), read(`${folder}/cpu.cfs_period_us`)?.trim());
}

function coresOf(quota: string | undefined, period: string | undefined): number {
  const cores = Number(quota) / Number(period);
  return cores > 0 ? cores : Infinity;
}

function tryReadFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
