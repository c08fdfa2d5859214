export { correctBufferedLabels, correctLabels } from './correct-labels.js';
export { setBufferedLabels, tryMergeBuffered } from './merge-buffered.js';
export { mergeOrdered } from './merge-ordered.js';
export { mergeRaw, mergeReplicaSeries } from './merge-raw.js';
export { mergeOverlappingStreams, mergeReplicaStreams } from './merge-replicas.js';
export { pickEarlier, type AntiAffinity, type Samples } from './pick-samples.js';
export { seriesCollision, SeriesCollision, setLabels } from './set-labels.js';
export { sortIfSmall } from './sort-if-small.js';
