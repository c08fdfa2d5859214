// What a run of a plan was measured to take, as explain shows it.

/** Of one operator that was evaluated here. Times in milliseconds. */
export interface OperatorStats {
  /** From when its last operand was there, or else its own start, to its end; other operators may run in between. */
  readonly timeMs: number;
  /** When it was done, since the query's start. */
  readonly endMs: number;
  /** What its operands gave it, together; of a leaf 0. */
  readonly seriesIn: number;
  readonly samplesIn: number;
  /** Of its result: a scalar has no series, and a sample a step. */
  readonly series: number;
  readonly samples: number;
}

/**
 * What one group took to answer one fetch, or one selection of raw samples; all requests for it together, where it
 * took several. Times in milliseconds since the query's start; undefined for what did not happen.
 */
export interface PartStats {
  readonly requests: number;
  /** When the first bytes of an answer had arrived. */
  readonly firstByteMs: number | undefined;
  /** When the last answer had been read to its end. */
  readonly endMs: number | undefined;
  /** Of the answers' bodies, all replicas', unpacked. */
  readonly bytes: number;
  readonly series: number;
  /** Of native histograms that come as JSON at most so many: their buckets are not told from samples. */
  readonly samples: number;
  readonly warnings: readonly string[];
  /** Why there is no answer, or not all of one. */
  readonly error: string | undefined;
}

/** What was measured of one run. */
export interface RunStats {
  /** Undefined for what was not evaluated to its end, or only as a part of the operator above it. */
  operator(node: object): OperatorStats | undefined;
  /** @param key of a fetch, or `selectionKey` of the matchers of raw samples. */
  part(key: string, group: string): PartStats | undefined;
}
