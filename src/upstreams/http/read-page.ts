// Reads the beginning of a body that is only used for a message.

import { readableOf, type BodySource } from './body-source.js';

const MAX_BYTES = 64 * 1024;
const MAX_MS = 2000;

/** Returns the beginning of a body as text. Read errors are ignored: the status code already says what went wrong. */
export async function readPage(source: BodySource): Promise<string> {
  const body = readableOf(source);
  const timer = setTimeout(() => {
    body.destroy();
  }, MAX_MS);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      chunks.push(chunk);
      bytes += chunk.byteLength;
      if (bytes >= MAX_BYTES) break;
    }
  } catch {
    // The chunks that have arrived are used.
  } finally {
    clearTimeout(timer);
    body.destroy();
  }
  return Buffer.concat(chunks).toString('utf8', 0, MAX_BYTES);
}
