// Number of CPU cores available to this process, within the limits of its control groups.

import { availableParallelism } from 'node:os';
import { join } from 'node:path';

import { controlGroups, readOrEmpty, type ControlGroup } from './control-groups.js';
import { minOf } from '../model/index.js';

/**
 * Returns the number of cores that this process may use: the lowest of `machine` and the CPU quotas of its control
 * groups, of either version, and of the groups above them. Rounded up to whole cores; at least 1. Unreadable files do
 * not limit.
 *
 * @param machine cores of the machine, within the scheduler's affinity.
 * @param root directory that contains `proc` and `sys`.
 */
export function availableCores(machine = availableParallelism(), root = '/'): number {
  return Math.max(1, Math.ceil(Math.min(machine, minOf(controlGroups('cpu', root).map(readQuota)))));
}

function readQuota({ version, directory }: ControlGroup): number {
  return version === 2 ? readQuotaV2(directory) : readQuotaV1(directory);
}

/**
 * Reads `$MAX $PERIOD`, in microseconds; `$MAX` is `max` without a limit.
 *
 * Source: Linux, Documentation/admin-guide/cgroup-v2.rst.
 */
function readQuotaV2(directory: string): number {
  const [quota, period] = readOrEmpty(join(directory, 'cpu.max')).trim().split(' ');
  return toCores(quota, period);
}

/**
 * Reads a quota and its period, in microseconds. A quota of -1 means no limit.
 *
 * Source: Linux, Documentation/scheduler/sched-bwc.rst.
 */
function readQuotaV1(directory: string): number {
  const [quota, period] = ['cpu.cfs_quota_us', 'cpu.cfs_period_us'].map((file) =>
    readOrEmpty(join(directory, file)).trim(),
  );
  return toCores(quota, period);
}

/** Returns the quota in cores; Infinity without a valid quota. */
function toCores(quota: string | undefined, period: string | undefined): number {
  const cores = Number(quota) / Number(period);
  return cores > 0 ? cores : Infinity;
}
