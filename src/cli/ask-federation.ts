// Asks a federation in this process; no address is listened on.

import type { Federation } from '../federation/index.js';
import { encodeAnswer, encodeExplanation } from '../http/index.js';
import { parseExpr, type FeatureSet } from '../promql/language/index.js';
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
  const options = { kind, grid, limit: undefined };
  const asked = {
    ...options,
    expr: parseExpr(text, { features }),
    text,
    endMs,
    timeoutMs,
    lookbackDeltaMs: undefined,
    signal: new Cancellation(),
  };
  if (explain !== undefined) {
    return encodeExplanation(text, await federation.explain(asked, explain.analyze));
  }
  const answer = await federation.query(asked);
  const chunks: Uint8Array[] = [];
  for await (const chunk of encodeAnswer(answer, options)) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}
