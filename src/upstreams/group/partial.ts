// How an answer that its own server calls partial is named.

/** VictoriaMetrics' cluster version answers `isPartial` when some of its storage nodes were missing. */
export const PARTIAL = 'partial answer: some of its storage nodes did not answer';
