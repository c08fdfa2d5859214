export {
  createFederation,
  type Federation,
  type QueryAnswer,
  type QueryEngine,
  type QueryRequest,
} from './federation.js';
export type { MetadataRequest } from './metadata.js';
