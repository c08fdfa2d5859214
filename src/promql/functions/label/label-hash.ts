// The hash of label sets in Prometheus, and the sampling position of a series, which limit_ratio derives from it.

import type { Labels } from '../../../model/index.js';
import { xxhash64 } from './xxhash64.js';

/**
 * Returns the xxHash64 of the names and values in order, each with its length in bytes as a prefix.
 *
 * Source: Prometheus, model/labels/labels_stringlabels.go (`Hash`).
 */
export function hashLabels(labels: Labels): bigint {
  const parts = labels.flat.map((text) => Buffer.from(text, 'utf8'));
  const framed = parts.flatMap((part) => [encodeLength(part.length), part]);
  return xxhash64(Buffer.concat(framed));
}

/**
 * Returns a number from 0 to 1, spread evenly over label sets: the hash of the labels divided by 2^64.
 *
 * Source: Prometheus, promql/engine.go (`RatioSampler`).
 */
export function sampleOffset(labels: Labels): number {
  return Number(hashLabels(labels)) / 2 ** 64;
}

/** Encodes a length: one byte below 255, else the byte 255 and three bytes in little-endian order. */
function encodeLength(length: number): Uint8Array {
  if (length < 255) return Uint8Array.of(length);
  return Uint8Array.of(255, length & 0xff, (length >> 8) & 0xff, (length >> 16) & 0xff);
}
