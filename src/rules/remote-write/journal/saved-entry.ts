// Entries of the journal as bytes. Node.js reads the format of its own earlier versions.

import { deserialize, serialize } from 'node:v8';

import { Labels, type Histogram } from '../../../model/index.js';
import type { OutgoingSample } from '../../ports.js';
import type { Receiver } from './journal.js';

/** Changes when earlier versions of promfed cannot read the entries. */
const VERSION = 1;

export interface SavedEntry {
  readonly receiver: Receiver;
  readonly savedMs: number;
  readonly samples: readonly OutgoingSample[];
}

type SavedSample = readonly [labels: readonly string[], timeMs: number, value: number | Histogram | 'stale'];

type Content = readonly [
  version: number,
  name: string,
  url: string,
  savedMs: number,
  samples: readonly SavedSample[],
];

export function encodeEntry({ receiver, savedMs, samples }: SavedEntry): Buffer {
  const content: Content = [
    VERSION,
    receiver.name,
    receiver.url,
    savedMs,
    samples.map(({ labels, timeMs, value, isStale }) => [labels.flat, timeMs, isStale ? 'stale' : value]),
  ];
  return serialize(content);
}

/** Returns undefined for bytes that are not an entry of this version. */
export function tryDecodeEntry(bytes: Uint8Array): SavedEntry | undefined {
  try {
    const [version, name, url, savedMs, samples] = deserialize(bytes) as Content;
    if (version !== VERSION) return undefined;
    return { receiver: { name, url }, savedMs, samples: samples.map(sampleOf) };
  } catch {
    return undefined;
  }
}

function sampleOf([flat, timeMs, value]: SavedSample): OutgoingSample {
  const isStale = value === 'stale';
  return { labels: Labels.fromSorted(flat), timeMs, value: isStale ? NaN : value, isStale };
}
