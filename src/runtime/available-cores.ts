// Number of CPU cores available to this process, within the limits of its control groups.

import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { posix } from 'node:path';

/** Reads a text file. Returns undefined when it cannot be read. */
export type TryReadFile = (path: string) => string | undefined;

/** Usual mount point of control groups of both versions. */
const ROOT = '/sys/fs/cgroup';

/**
 * Returns the number of cores that this process may use: the lowest of `machine` and the CPU quotas of its control
 * groups, of either version, and of the groups above them. Rounded up to whole cores; at least 1. Unreadable files do
 * not limit.
 *
 * @param machine cores of the machine, within the scheduler's affinity.
 */
export function availableCores(machine = availableParallelism(), read: TryReadFile = tryReadFile): number {
  const limits = (read('/proc/self/cgroup') ?? '').split('\n').flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) return [];
    if (controllers === '') return foldersUpFrom(ROOT, path).map((folder) => readQuotaV2(folder, read));
    if (!controllers.split(',').includes('cpu')) return [];
    // The mount is named after all its controllers, or there is a link for each of them.
    return [controllers, 'cpu']
      .flatMap((mount) => foldersUpFrom(`${ROOT}/${mount}`, path))
      .map((folder) => readQuotaV1(folder, read));
  });
  return Math.max(1, Math.ceil(Math.min(machine, ...limits)));
}

/**
 * Returns the folder of a control group and all folders above it: the limits of all of them apply. A container often
 * sees its own group as the root only.
 */
function foldersUpFrom(root: string, path: string): string[] {
  const folders = [root];
  for (let at = posix.normalize(`/${path}`); at !== '/'; at = posix.dirname(at)) folders.push(root + at);
  return folders;
}

/**
 * Reads `$MAX $PERIOD`, in microseconds; `$MAX` is `max` without a limit.
 *
 * Source: Linux, Documentation/admin-guide/cgroup-v2.rst.
 */
function readQuotaV2(folder: string, read: TryReadFile): number {
  const [quota, period] = (read(`${folder}/cpu.max`) ?? '').trim().split(' ');
  return toCores(quota, period);
}

/**
 * Reads a quota and its period, in microseconds. A quota of -1 means no limit.
 *
 * Source: Linux, Documentation/scheduler/sched-bwc.rst.
 */
function readQuotaV1(folder: string, read: TryReadFile): number {
  return toCores(read(`${folder}/cpu.cfs_quota_us`)?.trim(), read(`${folder}/cpu.cfs_period_us`)?.trim());
}

/** Returns the quota in cores; Infinity when there is no valid one. */
function toCores(quota: string | undefined, period: string | undefined): number {
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
