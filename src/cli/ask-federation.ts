// Asks a federation in this process; no address is listened on.

import { createQueryRequest, type Federation } from '../federation/index.js';
import { encodeAnswer, encodeExplanation } from '../http/index.js';
import type { FeatureSet } from '../promql/language/index.js';
import { Cancellation } from '../runtime/index.js';
import type { Request } from './request.js';

/**
 * The answer, or its explanation, in the API's envelope.
 *
 * @throws PromfedError why there is none.
 */
export async function queryFederation(
  federation: Federation,
  request: Request,
  features: FeatureSet,
): Promise<string> {
  const { kind, expr: text, grid, endMs, timeoutMs, explain } = request;
  const query = createQueryRequest(
    {
      kind,
      grid,
      endMs,
      text,
      timeoutMs,
      lookbackDeltaMs: undefined,
      limit: undefined,
      routing: 'learned',
      signal: new Cancellation(),
    },
    features,
  );
  if (explain !== undefined) {
    return encodeExplanation(text, await federation.explain({ ...query, ...explain }));
  }
  const answer = await federation.query(query);
  const chunks: Uint8Array[] = [];
  for await (const chunk of encodeAnswer(answer, query)) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}
