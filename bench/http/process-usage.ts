// CPU time and peak memory of a process and its descendants, from Linux' /proc.

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** Returns the user and system time that the process and its descendants have used, in milliseconds. */
export function cpuMs(pid: number): number {
  let ticks = 0;
  for (const one of processTree(pid)) {
    const [, , , , , , , , , , , utime, stime] = statOf(one) ?? [];
    ticks += Number(utime ?? 0) + Number(stime ?? 0);
  }
  return (ticks * 1000) / ticksPerSecond();
}

/** Returns the highest peak RSS of the process and its descendants, in bytes. */
export function peakRssBytes(pid: number): number {
  return Math.max(...processTree(pid).map(highWaterBytes));
}

/** Returns the sum of the peak RSS of the process and its descendants, in bytes: an upper bound of their joint peak. */
export function peakRssBytesOfAll(pid: number): number {
  return processTree(pid).reduce((sum, one) => sum + highWaterBytes(one), 0);
}

/** Returns the sum of the RSS of the process and its descendants, in bytes. Pages that they share are counted in each. */
export function rssBytesOfAll(pid: number): number {
  return processTree(pid).reduce((sum, one) => sum + statusBytes(one, 'VmRSS'), 0);
}

/** Returns the peak RSS of one process, in bytes. */
function highWaterBytes(pid: number): number {
  return statusBytes(pid, 'VmHWM');
}

/** Returns a size of `/proc/PID/status`, in bytes. */
function statusBytes(pid: number, name: string): number {
  const match = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(
    readFileSync(`/proc/${pid}/status`, 'latin1'),
  );
  if (match === null) throw new Error(`no ${name} in /proc/${pid}/status`);
  return Number(match[1]) * 1024;
}

/** Returns the process and its descendants. */
export function processTree(pid: number): number[] {
  const childrenOf = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    const parent = /^\d+$/.test(name) ? statOf(Number(name))?.[1] : undefined;
    if (parent === undefined) continue;
    const siblings = childrenOf.get(Number(parent));
    if (siblings === undefined) childrenOf.set(Number(parent), [Number(name)]);
    else siblings.push(Number(name));
  }
  const tree: number[] = [];
  const pending = [pid];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    tree.push(next);
    pending.push(...(childrenOf.get(next) ?? []));
  }
  return tree;
}

/** Returns the fields of `/proc/PID/stat` from the third on: state, parent, …. Undefined when the process has ended. */
function statOf(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name, in parentheses, may contain spaces.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

let ticks: number | undefined;

/** Clock ticks per second, the unit of CPU times in /proc. */
function ticksPerSecond(): number {
  return (ticks ??= Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' })));
}
