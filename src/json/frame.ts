// The contents of an upstream's answer: series with their samples still in the upstream's bytes.

import type { Labels } from '../model/index.js';

/** One series of an upstream's `result`, framed but not decoded. */
export interface SeriesFrame {
  /** The labels as the upstream sent them, or as `setLabels` changed them. */
  readonly labels: Labels;
  /**
   * The members of the series object that hold samples, in the upstream's own bytes and without the braces:
   * `"values":[[1,"2"],…]`, `"value":[1,"2"]`, `"values":…,"histograms":…`; empty when the series has none. All other
   * members except `metric` are left out. Only the position of the outer brackets is checked: the text between them is
   * the upstream's until it is decoded.
   *
   * Belongs to the holder of the frame, and is never written to. It may share memory with neighbouring frames, so a
   * frame that is kept for long keeps more than its own bytes.
   */
  readonly samples: Uint8Array;
}

export type ResultType = 'vector' | 'matrix' | 'scalar' | 'string';

/** Members of an answer besides its series. */
export interface ResponseTrailer {
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
  /** True when some storage nodes of a VictoriaMetrics cluster did not answer. */
  readonly isPartial: boolean;
}

/** The trailer of an answer without warnings and infos. */
export const EMPTY_TRAILER: ResponseTrailer = { warnings: [], infos: [], isPartial: false };

/** All warnings and all infos, each text once, in the order of the trailers. Partial when one of them is. */
export function unionTrailers(trailers: readonly ResponseTrailer[]): ResponseTrailer {
  if (trailers.length === 1) return trailers[0]!;
  return {
    warnings: [...new Set(trailers.flatMap(({ warnings }) => warnings))],
    infos: [...new Set(trailers.flatMap(({ infos }) => infos))],
    isPartial: trailers.some(({ isPartial }) => isPartial),
  };
}
