// Where a series stands among all series, by the hash of its labels: what limit_ratio decides by.

import type { Labels } from '../../../model/index.js';
import { xxhash64 } from './xxhash64.js';

/**
 * A number from 0 to 1, spread evenly over label sets: the hash of the labels' names and values in order, each after
 * its length in bytes, divided by 2^64.
 *
 * Source: Prometheus, promql/engine.go (`RatioSampler`), model/labels/labels_stringlabels.go (`Hash`): a length of
 * 255 or more is a byte 255 and three bytes, the lowest first.
 */
export function sampleOffset(labels: Labels): number {
  const parts = labels.flat.map((text) => Buffer.from(text, 'utf8'));
  const framed = parts.flatMap((part) => [lengthOf(part.length), part]);
  return Number(xxhash64(Buffer.concat(framed))) / 2 ** 64;
}

function lengthOf(length: number): Uint8Array {
  if (length < 255) return Uint8Array.of(length);
  return Uint8Array.of(255, length & 0xff, (length >> 8) & 0xff, (length >> 16) & 0xff);
}
