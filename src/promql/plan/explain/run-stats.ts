// The measurements of one run of a plan, as explain shows them.

/** The measurements of one operator that promfed evaluated. Times in milliseconds. */
export interface OperatorStats {
  /** From the end of its last operand, or from its own start, to its end. Other operators may run in between. */
  readonly timeMs: number;
  /** The end, since the start of the query. */
  readonly endMs: number;
  /** Series and samples of all operands together; 0 for a leaf. */
  readonly seriesIn: number;
  readonly samplesIn: number;
  /** Series and samples of the result. A scalar has no series and one sample for each step. */
  readonly series: number;
  readonly samples: number;
}

/**
 * The measurements of one group's answers to one fetch or one selection of raw samples, over all of its requests. Times in
 * milliseconds since the start of the query; undefined for events that did not happen.
 */
export interface PartStats {
  readonly requests: number;
  /** The arrival of the headers of the first answer. */
  readonly firstByteMs: number | undefined;
  /** The end of the last answer. */
  readonly endMs: number | undefined;
  /** Bytes of the bodies of all replicas, decompressed. */
  readonly bytes: number;
  readonly series: number;
  /** An upper bound for native histograms in JSON: their buckets are counted like samples. */
  readonly samples: number;
  readonly warnings: readonly string[];
  /** Why the answer is missing or incomplete. */
  readonly error: string | undefined;
}

/** The measurements of one run. */
export interface RunStats {
  /** Undefined for an operator that did not end, or that is evaluated as part of the one above it. */
  operator(node: object): OperatorStats | undefined;
  /** @param key the key of a fetch, or the `selectionKey` of a selection. */
  part(key: string, group: string): PartStats | undefined;
}
