// Peak memory of a process and its descendants, from Linux' /proc.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

/** Returns the sum of the peak RSS of the process and its descendants, in bytes: an upper bound of their joint peak. */
export function peakRssBytesOf(pid: number): number {
  return processTree(pid).reduce((sum, one) => {
    const status = readFileSync(`/proc/${one}/status`, 'latin1');
    return sum + Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
  }, 0);
}

/** Lets the peak begin at the memory that is in use now. */
export function resetPeakRss(pid: number): void {
  for (const one of processTree(pid)) writeFileSync(`/proc/${one}/clear_refs`, '5');
}

function processTree(pid: number): number[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => [Number(name), parentOf(Number(name))] as const);
  const tree = [pid];
  for (const one of tree)
    tree.push(...parents.filter(([, parent]) => parent === one).map(([child]) => child));
  return tree;
}

/** Undefined when the process has ended. */
function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name, in parentheses, may contain spaces.
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return undefined;
  }
}
