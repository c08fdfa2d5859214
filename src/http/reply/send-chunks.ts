// Sends a body that is produced in chunks: a small one whole, a large one as a stream.

import type { FastifyReply } from 'fastify';

import type { ByteStream } from '../../json/index.js';
import { settlesSoon } from '../../runtime/index.js';
import { createBodyWriter } from './body-writer.js';

/** Maximum size of a body that is sent whole, with its length, if its chunks are available without waiting. */
const MAX_WHOLE_BYTES = 64 << 10;

/** Number of chunks that are awaited before the status is sent: the start of the envelope and the first data. */
const AWAITED_CHUNKS = 2;

/**
 * Sends `chunks` as the body of a 200. Reads the stream to its end or closes it.
 *
 * An error within the first two chunks is thrown before anything is sent, so that the caller can reply with it. A later
 * error breaks the connection, so that no client takes the body for complete.
 *
 * Applies back pressure: the next chunk is requested when the client has accepted the previous one, whose memory may
 * then be reused.
 *
 * @param onBreak called with the error that broke the connection.
 */
export async function sendChunks(
  chunks: ByteStream,
  contentType: string,
  reply: FastifyReply,
  onBreak: (thrown: unknown) => void,
): Promise<FastifyReply> {
  reply.type(contentType);
  const held: Uint8Array[] = [];
  let bytes = 0;
  for (;;) {
    const next = chunks.next();
    if (held.length >= AWAITED_CHUNKS && !(await settlesSoon(next))) {
      return streamBody(Buffer.concat(held, bytes), next, chunks, reply, onBreak);
    }
    const chunk = await next;
    if (chunk === undefined) return reply.send(Buffer.concat(held, bytes));
    if (bytes + chunk.length > MAX_WHOLE_BYTES) {
      return streamBody(Buffer.concat(held, bytes), Promise.resolve(chunk), chunks, reply, onBreak);
    }
    held.push(Buffer.from(chunk));
    bytes += chunk.length;
  }
}

/**
 * Writes `head`, the chunk that `next` resolves to, and the rest of `chunks`. Writes to the response directly: a stream
 * in between would hold chunks longer.
 */
async function streamBody(
  head: Uint8Array,
  next: Promise<Uint8Array | undefined>,
  chunks: ByteStream,
  reply: FastifyReply,
  onBreak: (thrown: unknown) => void,
): Promise<FastifyReply> {
  // The promise is awaited only after the head has been written, and may reject before.
  next.catch(() => undefined);
  reply.hijack();
  const response = reply.raw;
  const writer = createBodyWriter(reply);
  try {
    response.writeHead(200, reply.getHeaders() as Record<string, string>);
    if (head.length > 0) await writer.write(head);
    for (let pending = next; ; pending = chunks.next()) {
      // The client must not wait for data that has been written already.
      if (writer.flush !== undefined && !(await settlesSoon(pending))) await writer.flush();
      const chunk = await pending;
      if (chunk === undefined) break;
      await writer.write(chunk);
      if (response.destroyed) break;
    }
    writer.end();
  } catch (thrown) {
    if (!response.destroyed) onBreak(thrown);
    response.destroy();
  } finally {
    chunks.close();
  }
  return reply;
}
