export { Admission } from './admission.js';
export { createDeadline } from './deadline.js';
export type { Explanation } from './explain.js';
export { createFederation, type Federation, type QueryEngine, type QueryRequest } from './federation.js';
export type { MetadataRequest, MetadataResult } from './metadata.js';
export type { QueryAnswer } from './query-answer.js';
