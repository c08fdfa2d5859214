// The number of nodes of the expressions and selectors of one request, limited while they are parsed.

/** Counts the nodes of one request. A node is an expression, a matcher, a label name, or a part of a duration. */
export class NodeCount {
  /** Inclusive. */
  readonly max: number;
  #count = 0;

  /** @param max `--query.max-nodes`; Infinity for no limit. */
  constructor(max: number) {
    this.max = max;
  }

  get count(): number {
    return this.#count;
  }

  /** Counts one node. Returns false when it exceeds the limit. */
  tryAdd(): boolean {
    return ++this.#count <= this.max;
  }
}
