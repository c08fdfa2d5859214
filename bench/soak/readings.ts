// Resource usage of a promfed process, read from its /metrics, and checks of its growth.

import type { Figure } from '../report.js';
import { median } from '../measure.js';

/** Resource usage at one time. */
export interface Reading {
  /** Seconds since the start of the run. */
  readonly atS: number;
  readonly heapMB: number;
  readonly rssMB: number;
  readonly handles: number;
  readonly fileDescriptors: number;
  /** Bytes that the memory budget holds. */
  readonly heldBytes: number;
}

/** Reads the metrics. Throws an Error when promfed does not respond or a metric is missing. */
export async function readProcess(origin: string, atS: number): Promise<Reading> {
  const response = await fetch(`${origin}/metrics`);
  const text = await response.text();
  const gauge = (name: string): number => {
    const value = new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)?.[1];
    if (value === undefined) throw new Error(`no ${name} in /metrics (status ${response.status})`);
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

interface Resource {
  readonly name: string;
  readonly unit: string;
  readonly of: (reading: Reading) => number;
  /** Allowed growth from the second to the last third: a share of the second, plus a constant. */
  readonly allowance?: { readonly share: number; readonly constant: number };
}

const RESOURCES: readonly Resource[] = [
  // Includes a varying amount of uncollected garbage.
  { name: 'heap', unit: 'MB', of: ({ heapMB }) => heapMB, allowance: { share: 0.1, constant: 4 } },
  // Includes the connections that are open at the time, from clients and to regions.
  { name: 'handles', unit: '', of: ({ handles }) => handles, allowance: { share: 0.1, constant: 4 } },
  {
    name: 'file descriptors',
    unit: '',
    of: ({ fileDescriptors }) => fileDescriptors,
    // Includes idle connections, also those of replaced configurations.
    allowance: { share: 0.2, constant: 8 },
  },
  { name: 'RSS', unit: 'MB', of: ({ rssMB }) => rssMB },
];

/**
 * Returns the medians of each third of at least three readings. The goal of the last third is the second one plus the
 * allowance.
 */
export function growthOf(readings: readonly Reading[]): Figure[] {
  const third = Math.ceil(readings.length / 3);
  const thirds = [0, 1, 2].map((i) => readings.slice(i * third, (i + 1) * third));
  return RESOURCES.flatMap(({ name, unit, of, allowance }) => {
    const medians = thirds.map((part) => median(part.map(of)));
    const atMost =
      allowance === undefined ? undefined : medians[1]! * (1 + allowance.share) + allowance.constant;
    return medians.map((value, i) => ({
      case: `${name}, median`,
      metric: ['first third', 'second third', 'last third'][i]!,
      value,
      unit,
      ...(i === 2 && atMost !== undefined ? { atMost } : {}),
    }));
  });
}
