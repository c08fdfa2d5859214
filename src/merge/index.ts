export { correctBufferedLabels, correctLabels } from './correct-labels.js';
export { setBufferedLabels, tryMergeBuffered } from './merge-buffered.js';
export { mergeOrdered } from './merge-ordered.js';
export { mergeGroupSeries } from './merge-groups.js';
export { mergeReplicaSeries } from './merge-raw.js';
export { mergeReplicaStreams } from './merge-replicas.js';
export type { AntiAffinity, Samples } from './pick-samples.js';
export { seriesCollision, SeriesCollision, setLabels } from './set-labels.js';
export { sortIfSmall } from './sort-if-small.js';
