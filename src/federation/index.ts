export { Admission } from './admission.js';
export {
  createFederation,
  type Federation,
  type QueryEngine,
  type QueryRequest,
} from './create-federation.js';
export { createDeadline } from './deadline.js';
export type { Explanation } from './explain.js';
export type { MetadataRequest, MetadataResult } from './metadata.js';
export type { QueryAnswer } from './query-answer.js';
