// Query requests: the text of a query parsed and checked, with its times and limits.

import { PromfedError, VALUE_TYPE_NAMES } from '../model/index.js';
import { parseExpr, typeOf, type FeatureSet } from '../promql/language/index.js';
import type { QueryRequest } from './query-engine.js';

/** A request whose query is not parsed yet. */
export type QueryParameters = Omit<QueryRequest, 'expr'>;

/**
 * Parses the query and checks its type. Every `QueryRequest` is created here.
 *
 * Source: Prometheus, promql/engine.go (`NewRangeQuery`).
 *
 * @throws PromfedError `bad_data` with Prometheus' text.
 */
export function createQueryRequest(parameters: QueryParameters, features: FeatureSet): QueryRequest {
  const expr = parseExpr(parameters.text, { features });
  const type = typeOf(expr);
  if (parameters.kind === 'range' && type !== 'scalar' && type !== 'vector') {
    throw new PromfedError(
      'bad_data',
      `invalid expression type "${VALUE_TYPE_NAMES[type]}" for range query, must be Scalar or instant Vector`,
    );
  }
  return { ...parameters, expr };
}
