// The number of nodes of the expressions and selectors of one request, limited while they are parsed.

/**
 * Upper bound on the size of all regular expressions of one request together, in instructions. Checking the syntax of each
 * takes up to 7 µs.
 */
const MAX_PATTERN_INSTRUCTIONS = 60_000;

/** Counts the nodes of one request. A node is an expression, a matcher, a label name, or a part of a duration. */
export class NodeCount {
  /** Inclusive. */
  readonly max: number;
  #count = 0;
  #instructions = 0;

  /** @param max `--query.max-nodes`; Infinity for no limit. */
  constructor(max: number) {
    this.max = max;
  }

  get count(): number {
    return this.#count;
  }

  /** Inclusive; Infinity when nodes are not limited. */
  get maxInstructions(): number {
    return this.max === Infinity ? Infinity : MAX_PATTERN_INSTRUCTIONS;
  }

  /** Counts a regular expression. Returns false when all together exceed the limit. */
  tryAddPattern(instructions: number): boolean {
    return (this.#instructions += instructions) <= this.maxInstructions;
  }

  /** Counts one node. Returns false when it exceeds the limit. */
  tryAdd(): boolean {
    return ++this.#count <= this.max;
  }
}
