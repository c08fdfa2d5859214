// What the framer makes of an upstream's answer: series by series, the samples still in the upstream's bytes.

import type { Labels } from '../model/index.js';

/** One series of an upstream's `result`, framed but not decoded. */
export interface SeriesFrame {
  /** The labels as the upstream sent them, or as `setLabels` left them. */
  readonly labels: Labels;
  /**
   * The members of the series object that hold samples, in the upstream's own bytes and without the braces:
   * `"values":[[1,"2"],…]`, `"value":[1,"2"]`, `"values":…,"histograms":…`; empty when the series has none. Every
   * other member of the object but `metric` is left out. Framed, not checked: what lies between the outer brackets
   * is as right as the upstream made it until it is decoded.
   *
   * Owned by whoever holds the frame; may share memory with its neighbours, so a frame that is kept long keeps more
   * than its own bytes. Nobody writes to it.
   */
  readonly samples: Uint8Array;
}

export type ResultType = 'vector' | 'matrix' | 'scalar' | 'string';

/** What an answer says besides its series; complete once the last frame was read. */
export interface ResponseTrailer {
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
  /** VictoriaMetrics' cluster version: some storage nodes did not answer. */
  readonly isPartial: boolean;
}

/**
 * Series frames in batches, as they arrive; a batch is never empty. Returns the tail after the last batch.
 *
 * A scalar or a string comes as one frame without labels whose samples are `"value":[time,"…"]`.
 *
 * Pull-driven: nothing is read from the upstream before `next()` is called, and `return()` ends the upstream's
 * response at once, even while a `next()` is under way (which then answers that the stream is over, or fails).
 * Throws PromfedError when the upstream's answer is an error, is cut or is not what the API promises.
 */
export type FrameStream = AsyncGenerator<readonly SeriesFrame[], ResponseTrailer, undefined>;
