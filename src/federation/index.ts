export { createFederation, type Federation, type QueryAnswer, type QueryRequest } from './federation.js';
export type { Metadata, MetadataRequest } from './metadata.js';
