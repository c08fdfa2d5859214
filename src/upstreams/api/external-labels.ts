// The external labels of a Prometheus, which remote read adds to series and the query API does not.
// Source: Prometheus, storage/remote/read_handler.go and codec.go (`MergeLabels`).

import { invalidAnswer } from '../../json/index.js';
import { quotePattern, type Labels, type Matcher } from '../../model/index.js';

/** Maximum number of external labels. Each of them doubles the number of queries of a read request. */
export const MAX_EXTERNAL_LABELS = 4;

/**
 * Removes external labels from the series of remote read, so that they have the labels of the query API.
 *
 * A series that lacks an external label gets it, and a series that has the label keeps its own value, which may be the
 * same one. Both kinds are therefore read by different queries of one request: for each external label, those that require
 * an empty value and those that exclude it.
 */
export class ExternalLabels {
  readonly #labels: Labels;
  readonly #names: readonly string[];

  /** @param labels at most `MAX_EXTERNAL_LABELS`. */
  constructor(labels: Labels) {
    this.#labels = labels;
    this.#names = labels.names();
  }

  equals(other: ExternalLabels): boolean {
    return this.#labels.equals(other.#labels);
  }

  /** Returns the matchers of each query of a request. No series matches two of them. */
  queries(matchers: readonly Matcher[]): readonly (readonly Matcher[])[] {
    const rewritten = matchers.map((matcher) => this.#literal(matcher));
    const count = 2 ** this.#names.length;
    return Array.from({ length: count }, (_, query) => [
      ...rewritten,
      ...this.#names.map((name, i): Matcher => ({ name, op: isAdded(query, i) ? '=' : '!=', value: '' })),
    ]);
  }

  /**
   * Returns the labels that a series has in the storage.
   *
   * @param query index of the query that returned the series.
   * @throws PromfedError `upstream` when the server has other external labels.
   */
  original(labels: Labels, query: number): Labels {
    let stored = labels;
    for (const [i, name] of this.#names.entries()) {
      if (!isAdded(query, i)) continue;
      if (labels.get(name) !== this.#labels.get(name)) {
        throw invalidAnswer(`the external label ${name} has changed`);
      }
      stored = stored.drop(new Set([name]));
    }
    return stored;
  }

  /** Prometheus replaces `=` matchers of external labels by matchers of series without the label. */
  #literal(matcher: Matcher): Matcher {
    const { name, op, value } = matcher;
    if (op !== '=' || value === '' || !this.#names.includes(name)) return matcher;
    return { name, op: '=~', value: quotePattern(value) };
  }
}

/** Reports whether the series of a query lack the external label with the index `i`. */
function isAdded(query: number, i: number): boolean {
  return ((query >> i) & 1) === 0;
}
