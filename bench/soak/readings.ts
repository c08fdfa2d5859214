// What a running promfed holds, read from its /metrics time after time, and whether that grows.

import type { Figure } from '../report.js';
import { median } from '../measure.js';

/** One look at the process. */
export interface Reading {
  readonly atS: number;
  readonly heapMB: number;
  readonly rssMB: number;
  readonly handles: number;
  readonly fileDescriptors: number;
  readonly heldBytes: number;
}

/** Throws an Error when promfed does not answer or does not tell one of them. */
export async function readProcess(origin: string, atS: number): Promise<Reading> {
  const response = await fetch(`${origin}/metrics`);
  const text = await response.text();
  const gauge = (name: string): number => {
    const value = new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)?.[1];
    if (value === undefined) throw new Error(`no ${name} in /metrics, which answers ${response.status}`);
    return Number(value);
  };
  return {
    atS,
    heapMB: gauge('nodejs_heap_size_used_bytes') / 1e6,
    rssMB: gauge('process_resident_memory_bytes') / 1e6,
    handles: gauge('nodejs_active_handles_total'),
    fileDescriptors: gauge('process_open_fds'),
    heldBytes: gauge('promfed_memory_held_bytes'),
  };
}

interface Watched {
  readonly name: string;
  readonly unit: string;
  readonly of: (reading: Reading) => number;
  /** How far the last third may lie above the second: a share of that one, and so much beside. */
  readonly allowance?: { readonly share: number; readonly beside: number };
}

const WATCHED: readonly Watched[] = [
  // Garbage that is not collected yet is in it: by chance more of it at one time than at another.
  { name: 'heap', unit: 'MB', of: ({ heapMB }) => heapMB, allowance: { share: 0.1, beside: 4 } },
  // Connections that are open at the moment, of clients and to regions, are among them.
  { name: 'handles', unit: '', of: ({ handles }) => handles, allowance: { share: 0.1, beside: 4 } },
  {
    name: 'file descriptors',
    unit: '',
    of: ({ fileDescriptors }) => fileDescriptors,
    // With those that wait to be used again, of configurations that were replaced too.
    allowance: { share: 0.2, beside: 8 },
  },
  { name: 'RSS', unit: 'MB', of: ({ rssMB }) => rssMB },
];

/** Three readings at least. The medians of each third of the time; the last third has to be no higher than the second. */
export function growthOf(readings: readonly Reading[]): Figure[] {
  const third = Math.ceil(readings.length / 3);
  const thirds = [0, 1, 2].map((i) => readings.slice(i * third, (i + 1) * third));
  return WATCHED.flatMap(({ name, unit, of, allowance }) => {
    const medians = thirds.map((part) => median(part.map(of)));
    const atMost =
      allowance === undefined ? undefined : medians[1]! * (1 + allowance.share) + allowance.beside;
    return medians.map((value, i) => ({
      case: `${name}, median`,
      what: ['first third', 'second third', 'last third'][i]!,
      value,
      unit,
      ...(i === 2 && atMost !== undefined ? { atMost } : {}),
    }));
  });
}
