// Content negotiation: the compression of a reply, by the client's header and address and by the runtime.

import type { IncomingMessage } from 'node:http';

import { zstd } from '../../runtime/index.js';

/** A value of the header Content-Encoding. */
export type Encoding = 'gzip' | 'zstd';

/** The preferred encoding first: zstd compresses samples better than gzip, in half the time. */
const ENCODINGS: readonly Encoding[] = zstd === undefined ? ['gzip'] : ['zstd', 'gzip'];

/**
 * Returns the encoding in `supported` that the value of an Accept-Encoding header prefers; undefined for no compression.
 *
 * A missing header allows every encoding. It is answered without compression all the same: the client may not be able to
 * decode any.
 *
 * Source: RFC 9110, 12.5.3, with 12.4.2 for the weights.
 */
export function acceptedEncoding(header = '', supported = ENCODINGS): Encoding | undefined {
  const weights = new Map<string, number>();
  for (const item of header.split(',')) {
    const [name = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase());
    if (name !== '') weights.set(name === 'x-gzip' ? 'gzip' : name, weightOf(parameters));
  }
  const any = weights.get('*') ?? 0;
  let best: Encoding | undefined;
  let bestWeight = 0;
  for (const encoding of supported) {
    const weight = weights.get(encoding) ?? any;
    if (weight > bestWeight) [best, bestWeight] = [encoding, weight];
  }
  return bestWeight >= (weights.get('identity') ?? 0) ? best : undefined;
}

/** Returns the weight of an encoding, from 0 to 1. An invalid weight is 0: the client then gets another encoding or none. */
function weightOf(parameters: readonly string[]): number {
  const weight = parameters.find((parameter) => /^q\s*=/.test(parameter));
  if (weight === undefined) return 1;
  const text = weight.slice(weight.indexOf('=') + 1).trim();
  return /^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(text) ? Number(text) : 0;
}

/**
 * Reports whether the other end of the connection is on this machine. Compression costs more than it saves on loopback.
 * A client behind a local proxy counts as local: the proxy is the other end.
 */
export function isLocal({ remoteAddress }: IncomingMessage['socket']): boolean {
  // A Unix socket has no address.
  return remoteAddress === undefined || /^(::ffff:)?127\.|^::1$/.test(remoteAddress);
}
