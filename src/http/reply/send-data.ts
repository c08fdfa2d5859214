// Replies with small data in Prometheus' envelope.

import type { FastifyReply } from 'fastify';

import type { MetadataResult } from '../../federation/index.js';
import { annotationMembers, SUCCESS } from '../../json/index.js';

export const JSON_TYPE = 'application/json; charset=utf-8';

/** Sends `data` as JSON, with the status `success`. */
export function sendData(reply: FastifyReply, data: unknown): FastifyReply {
  return reply.type(JSON_TYPE).send(JSON.stringify({ status: 'success', data }));
}

/**
 * Sends a result with its warnings. Its memory is released when the client has received it or has disconnected.
 *
 * @param print returns the data as JSON.
 */
export function sendResult<T>(
  reply: FastifyReply,
  { data, warnings, release }: MetadataResult<T>,
  print: (data: T) => string,
): FastifyReply {
  if (release !== undefined) {
    if (reply.raw.destroyed) release();
    else reply.raw.once('close', release);
  }
  const members = annotationMembers({ warnings, infos: [] });
  return reply.type(JSON_TYPE).send(`${SUCCESS}${print(data)}${members}}`);
}
