// The parameters that query, query_range and explain have in common.

import { PromfedError, VALUE_TYPE_NAMES } from '../../model/index.js';
import { parseExpr, typeOf, type Expr, type FeatureSet } from '../../promql/language/index.js';
import { invalid, parameter, type Parameters } from './parameters.js';

/** @throws PromfedError `bad_data` in Prometheus' words. */
export function parseQuery(parameters: Parameters, features: FeatureSet): Expr {
  return parameter('query', () => parseExpr(parameters.get('query'), { features }));
}

/** Source: Prometheus, promql/engine.go (`NewRangeQuery`). */
export function checkRangeType(expr: Expr): void {
  const type = typeOf(expr);
  if (type === 'scalar' || type === 'vector') return;
  const name = VALUE_TYPE_NAMES[type];
  throw invalid(
    'query',
    `invalid expression type "${name}" for range query, must be Scalar or instant Vector`,
  );
}

/** The smaller of the flag's and the client's. */
export function queryTimeoutMs(parameters: Parameters, flagMs: number): number {
  const wantedMs = parameters.durationMs('timeout');
  return wantedMs === undefined || wantedMs <= 0 ? flagMs : Math.min(wantedMs, flagMs);
}

/** Zero is no lookback of its own, as in Prometheus. */
export function lookbackMs(parameters: Parameters): number | undefined {
  const lookback = tellOfLookback(() => parameters.durationMs('lookback_delta'));
  return lookback !== undefined && lookback > 0 ? lookback : undefined;
}

/** This parameter's errors have words of their own. Source: Prometheus, web/api/v1/api.go (`extractQueryOpts`). */
function tellOfLookback<T>(read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    if (!(thrown instanceof PromfedError)) throw thrown;
    const reason = thrown.message.replace(/^invalid parameter "lookback_delta": /, '');
    throw new PromfedError('bad_data', `error parsing lookback delta duration: ${reason}`, { cause: thrown });
  }
}
