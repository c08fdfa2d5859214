// Which compression an answer gets: what the client takes, what the runtime has, and where the peer is.

import type { IncomingMessage } from 'node:http';

import { zstd } from '../../runtime/index.js';

/** A Content-Encoding that answers are sent with. */
export type Encoding = 'gzip' | 'zstd';

/** The preferred one first: zstd compresses samples better than gzip, in half the time. */
const ENCODINGS: readonly Encoding[] = zstd === undefined ? ['gzip'] : ['zstd', 'gzip'];

/**
 * The encoding for an answer to `request`; undefined sends it as it is, as everything is to a peer on loopback: there
 * packing costs more than it saves.
 *
 * The peer is the other end of the connection, whatever a proxy says of the client behind it: what is saved is on the
 * way to the peer.
 */
export function encodingFor({ headers, socket }: IncomingMessage): Encoding | undefined {
  return isLocal(socket) ? undefined : acceptedEncoding(headers['accept-encoding']);
}

/** Reports whether the answer depends on the Accept-Encoding header, so that caches need `Vary`. */
export function dependsOnEncoding({ socket }: IncomingMessage): boolean {
  return !isLocal(socket);
}

/**
 * Returns the encoding in `supported` that the value of an Accept-Encoding header prefers; undefined for no encoding.
 *
 * A client that has not said that it takes an encoding does not get it, though a missing header allows every one.
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

/** Returns a weight from 0 to 1. An invalid weight is 0: the answer is then sent without this encoding. */
function weightOf(parameters: readonly string[]): number {
  const weight = parameters.find((parameter) => /^q\s*=/.test(parameter));
  if (weight === undefined) return 1;
  const text = weight.slice(weight.indexOf('=') + 1).trim();
  return /^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(text) ? Number(text) : 0;
}

/** Also a connection without an address, as of a Unix socket. */
function isLocal({ remoteAddress }: IncomingMessage['socket']): boolean {
  return remoteAddress === undefined || /^(::ffff:)?127\.|^::1$/.test(remoteAddress);
}
