// Rejection replan: a region rejected an expression that promfed can compute from smaller ones.

import { PromfedError } from '../../model/index.js';
import type { Expr } from '../../promql/language/index.js';
import { fetchesOf, rejectedParts, type Fetch, type PlanNode } from '../../promql/plan/index.js';

/** Maximum number of plans after rejections. The last one sends nothing but selectors. */
const MAX_REPLANS = 4;

/**
 * A region rejected the expression of a fetch: it is older than the query, has no such function, joins by other rules, or
 * has ignored buckets that may have ranges, with a warning.
 * The query is planned again without the expression. Not a failure of the region: `ignore_error` does not apply.
 */
export class RejectionReplan extends PromfedError {
  readonly fetchKey: string;

  /** @param rejection the error of the region, or its warning as an error. */
  constructor(rejection: PromfedError, { key }: Fetch) {
    super('execution', rejection.message, { cause: rejection });
    this.fetchKey = key;
  }
}

/** The operations of one query that regions have rejected. Owned by one run. */
export class RejectedOperations {
  readonly #expr: Expr;
  readonly #keys = new Set<string>();
  #replans = 0;

  constructor(expr: Expr) {
    this.#expr = expr;
  }

  /** Keys (`expressionKey`). */
  get keys(): ReadonlySet<string> {
    return this.#keys;
  }

  /**
   * Reports whether promfed can compute a fetch of the plan. A selector cannot be computed.
   *
   * @param text the error or the warning of the region.
   */
  canReplan({ key }: Fetch, plan: PlanNode, text: string): boolean {
    return this.#replans < MAX_REPLANS && this.#partsOf(key, plan, text).length > 0;
  }

  /**
   * Records the operations that promfed has to compute.
   *
   * @returns false when nothing was recorded, so that another plan would be the same.
   */
  learn({ fetchKey, message }: RejectionReplan, plan: PlanNode): boolean {
    if (this.#replans === MAX_REPLANS) return false;
    this.#replans++;
    const parts =
      this.#replans === MAX_REPLANS
        ? rejectedParts(this.#expr, '', this.#keys)
        : this.#partsOf(fetchKey, plan, message);
    for (const key of parts) this.#keys.add(key);
    return parts.length > 0;
  }

  #partsOf(fetchKey: string, plan: PlanNode, text: string): readonly string[] {
    return fetchesOf(plan)
      .filter(({ fetch }) => fetch.key === fetchKey)
      .flatMap(({ source }) => (source === undefined ? [] : rejectedParts(source, text, this.#keys)));
  }
}
