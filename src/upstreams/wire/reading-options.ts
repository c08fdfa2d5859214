// The inputs of reading a response to a remote read.

import type { Labels, StopSignal } from '../../model/index.js';
import type { MemoryAccount } from '../../runtime/index.js';

/** The inputs of reading a response besides its bytes. */
export interface ReadingOptions {
  /** Ends the reading when it aborts. */
  readonly signal: StopSignal;
  /** Account for the bytes of the response. Default: they are not counted. */
  readonly memory?: MemoryAccount;
  /**
   * Returns the labels of a series from those in the response and the index of its query. Called for series with samples
   * only. Default: the same.
   */
  readonly labelsIn?: ((labels: Labels, query: number) => Labels) | undefined;
}

export function unchanged(labels: Labels): Labels {
  return labels;
}
