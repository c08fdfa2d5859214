import { PromfedError } from '../../model/index.js';

/** Creates the error of a query with too many requests. @param needed number of its requests, as text. */
export function tooManyRequests(needed: string, max: number): PromfedError {
  return new PromfedError(
    'limit',
    `query would send too many requests to server groups: ${needed} (limit ${max}, --query.max-requests); ` +
      'use fewer selectors, or subqueries with fewer steps',
  );
}
