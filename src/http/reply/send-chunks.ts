// Sends an answer that comes in chunks: a small one whole, a large one as it comes.

import type { FastifyReply } from 'fastify';

import type { ByteStream } from '../../json/index.js';
import { settlesSoon } from '../../runtime/index.js';
import { createSink } from './compress.js';

/** Answers of up to so many bytes are sent whole, with their length, when they are complete at once. */
const MAX_WHOLE_BYTES = 64 << 10;

/**
 * Sends `chunks` as the body of a 200. Reads them to their end or closes them.
 *
 * The first two, the head of an envelope and what is the first to come behind it, are awaited before the status is
 * sent: what fails until then is thrown, with nothing sent, and can still be told as an error. What fails later breaks
 * the connection, so that no client takes the answer for complete.
 *
 * The next chunk is asked for when the client has taken the one before, so that slow clients hold their regions back
 * and a chunk's memory may be used again for the next.
 *
 * @param onBreak told what broke an answer whose beginning the client already has.
 */
export async function sendChunks(
  chunks: ByteStream,
  contentType: string,
  reply: FastifyReply,
  onBreak: (thrown: unknown) => void,
): Promise<FastifyReply> {
  const held: Uint8Array[] = [];
  let bytes = 0;
  for (;;) {
    const next = chunks.next();
    if (held.length >= 2 && !(await settlesSoon(next))) {
      return stream(Buffer.concat(held, bytes), next, chunks, contentType, reply, onBreak);
    }
    const chunk = await next;
    if (chunk === undefined) return reply.type(contentType).send(Buffer.concat(held, bytes));
    if (bytes + chunk.length > MAX_WHOLE_BYTES) {
      const first = Promise.resolve(chunk);
      return stream(Buffer.concat(held, bytes), first, chunks, contentType, reply, onBreak);
    }
    held.push(Buffer.from(chunk));
    bytes += chunk.length;
  }
}

/** Writes to the response itself, or to what compresses on the way there: a stream more would keep chunks longer. */
async function stream(
  head: Uint8Array,
  first: Promise<Uint8Array | undefined>,
  chunks: ByteStream,
  contentType: string,
  reply: FastifyReply,
  onBreak: (thrown: unknown) => void,
): Promise<FastifyReply> {
  // It is awaited below, but not before the head was taken.
  first.catch(() => undefined);
  reply.type(contentType).hijack();
  const response = reply.raw;
  const sink = createSink(reply);
  try {
    response.writeHead(200, reply.getHeaders() as Record<string, string>);
    if (head.length > 0) await sink.write(head);
    for (let pending = first; ; pending = chunks.next()) {
      // What was written leaves before more of it is waited for.
      if (sink.flush !== undefined && !(await settlesSoon(pending))) await sink.flush();
      const chunk = await pending;
      if (chunk === undefined) break;
      await sink.write(chunk);
      if (response.destroyed) break;
    }
    sink.end();
  } catch (thrown) {
    if (!response.destroyed) onBreak(thrown);
    response.destroy();
  } finally {
    chunks.close();
  }
  return reply;
}
