// Replies with small data in Prometheus' envelope.

import type { FastifyReply } from 'fastify';

import type { MetadataResult } from '../../federation/index.js';
import { annotationMembers, encodeItems, encodeTexts, SUCCESS, type ItemWriter } from '../../json/index.js';
import { asPromfedError, type StopSignal } from '../../model/index.js';
import { type Log, Pacer } from '../../runtime/index.js';
import { sendChunks } from './send-chunks.js';

export const JSON_TYPE = 'application/json; charset=utf-8';

/** Sends `data` as JSON, with the status `success`. */
export function sendData(reply: FastifyReply, data: unknown): FastifyReply {
  return reply.type(JSON_TYPE).send(JSON.stringify({ status: 'success', data }));
}

/** How the data of a result is written. */
export interface DataFormat<T> {
  readonly writer: ItemWriter<T>;
  /** The text around the items: brackets, and further members. */
  readonly open: string;
  readonly close: string;
}

/** A list whose items the writer writes. */
export function listOf<T>(writer: ItemWriter<T>): DataFormat<T> {
  return { writer, open: '[', close: ']' };
}

/**
 * Sends a result with its warnings, in blocks when it is large. Its memory is released when the last block was written or
 * the client has left.
 *
 * @param items of the data of the result.
 * @param signal aborts when the client leaves.
 */
export function sendResult<T>(
  reply: FastifyReply,
  { warnings, release }: Pick<MetadataResult<unknown>, 'warnings' | 'release'>,
  items: Iterable<T>,
  { writer, open, close }: DataFormat<T>,
  { signal, log }: { readonly signal: StopSignal; readonly log: Log },
): Promise<FastifyReply> {
  const owner = {
    close(): void {
      release?.();
    },
  };
  const chunks = encodeItems(items, owner, {
    writer,
    prefix: `${SUCCESS}${open}`,
    suffix: `${close}${annotationMembers({ warnings, infos: [] })}}`,
    pacer: new Pacer(signal),
  });
  return sendChunks(chunks, JSON_TYPE, reply, (thrown) => {
    log.warn({ err: asPromfedError(thrown).message }, 'metadata failed after the start of its answer');
  });
}

/**
 * Sends data that is printed piece by piece, as `sendResult` does.
 *
 * @param pieces of the JSON of the data.
 */
export function sendPieces(
  reply: FastifyReply,
  { warnings, release }: Pick<MetadataResult<unknown>, 'warnings' | 'release'>,
  pieces: Iterable<string>,
  { signal, log }: { readonly signal: StopSignal; readonly log: Log },
): Promise<FastifyReply> {
  const owner = {
    close(): void {
      release?.();
    },
  };
  function* texts(): Generator<string, void, undefined> {
    yield SUCCESS;
    yield* pieces;
    yield `${annotationMembers({ warnings, infos: [] })}}`;
  }
  return sendChunks(encodeTexts(texts(), owner, new Pacer(signal)), JSON_TYPE, reply, (thrown) => {
    log.warn({ err: asPromfedError(thrown).message }, 'answer failed after its start');
  });
}
