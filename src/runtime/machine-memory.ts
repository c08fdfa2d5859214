// Memory available to this process: that of the machine, within the limits of its control groups.

import { join } from 'node:path';

import { controlGroups, readOrEmpty } from './control-groups.js';
import { minOf } from '../model/index.js';

/** Files with limits in bytes in the directory of a control group, by version. */
const LIMIT_FILES = {
  2: ['memory.max', 'memory.high'],
  1: ['memory.limit_in_bytes'],
} as const;

/**
 * Returns the memory that this process may use, in bytes: the lowest of `physicalBytes` and the limits of its control
 * groups, of either version, and of the groups above them. Unreadable files do not limit.
 *
 * @param root directory that contains `proc` and `sys`.
 */
export function readMachineMemory(physicalBytes: number, root = '/'): number {
  const limits = controlGroups('memory', root).flatMap(({ version, directory }) =>
    LIMIT_FILES[version].map((file) => parseLimit(readOrEmpty(join(directory, file)))),
  );
  return Math.min(physicalBytes, minOf(limits));
}

/** Returns a limit in bytes; Infinity for `max`, 0 and anything that is not a number. */
function parseLimit(text: string): number {
  const bytes = /^\d+\s*$/.test(text) ? Number(text) : Infinity;
  return bytes > 0 ? bytes : Infinity;
}
