// What the framer makes of an upstream's answer: series by series, the samples still in the upstream's bytes.

import type { Labels } from '../model/index.js';

/** One series of an upstream's `result`, framed but not decoded. */
export interface SeriesFrame {
  /** The labels as the upstream sent them, or as `setLabels` left them. */
  readonly labels: Labels;
  /**
   * The members of the series object other than `metric`, in the upstream's own bytes and without the braces:
   * `"values":[[1,"2"],…]`, `"value":[1,"2"]`, `"values":…,"histograms":…`. Owned by whoever holds the frame;
   * may share memory with its neighbours, so a frame that is kept long keeps more than its own bytes.
   */
  readonly samples: Uint8Array;
}

export type ResultType = 'vector' | 'matrix' | 'scalar' | 'string';

/** What an answer says besides its series; complete once the last frame was read. */
export interface ResponseTail {
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
  /** VictoriaMetrics' cluster version: some storage nodes did not answer. */
  readonly isPartial: boolean;
}

/**
 * Series frames in batches, as they arrive; a batch is never empty. Returns the tail after the last batch.
 *
 * Pull-driven: nothing is read from the upstream before `next()` is called, and `return()` ends the upstream's
 * response. Throws PromfedError when the upstream's answer is an error, is cut or is not what the API promises.
 */
export type FrameStream = AsyncGenerator<readonly SeriesFrame[], ResponseTail, undefined>;
