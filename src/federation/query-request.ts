// Query requests: the times and limits of a query, whose text is parsed and checked when it is admitted.

import { PromfedError, VALUE_TYPE_NAMES } from '../model/index.js';
import { NodeCount, parseExpr, typeOf, type FeatureSet } from '../promql/language/index.js';
import type { ParsedQuery, QueryRequest } from './query-engine.js';

export interface ParseQueryOptions {
  readonly features: FeatureSet;
  /** `--query.max-nodes`. Default: no limit. */
  readonly maxNodes?: number;
}

/** The parameters of a request whose query is parsed from its text. */
export type QueryParameters = Omit<QueryRequest, 'parse'>;

/**
 * Parses a query and checks its type.
 *
 * Source: Prometheus, promql/engine.go (`NewRangeQuery`).
 *
 * @throws PromfedError `bad_data` with Prometheus' text, or beyond the limit.
 */
export function parseQuery(
  { text, kind }: Pick<QueryParameters, 'text' | 'kind'>,
  { features, maxNodes = Infinity }: ParseQueryOptions,
): ParsedQuery {
  const nodes = new NodeCount(maxNodes);
  const expr = parseExpr(text, { features, nodes });
  const type = typeOf(expr);
  if (kind === 'range' && type !== 'scalar' && type !== 'vector') {
    throw new PromfedError(
      'bad_data',
      `invalid expression type "${VALUE_TYPE_NAMES[type]}" for range query, must be Scalar or instant Vector`,
    );
  }
  return { expr, nodes: nodes.count };
}

/**
 * Creates a request whose query is parsed now. Its `expr` stays in memory with the request.
 *
 * @throws PromfedError `bad_data` as `parseQuery` does.
 */
export function createQueryRequest(
  parameters: QueryParameters,
  features: FeatureSet,
): QueryRequest & Pick<ParsedQuery, 'expr'> {
  const parsed = parseQuery(parameters, { features });
  return { ...parameters, expr: parsed.expr, parse: () => parsed };
}
