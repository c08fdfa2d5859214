// Replies with small data in Prometheus' envelope.

import type { FastifyReply } from 'fastify';

export const JSON_TYPE = 'application/json; charset=utf-8';

/** Sends `data` as JSON, with the status `success`. */
export function sendData(reply: FastifyReply, data: unknown): FastifyReply {
  return reply.type(JSON_TYPE).send(JSON.stringify({ status: 'success', data }));
}
