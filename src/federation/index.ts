export { Admission } from './admission.js';
export { createFederation, type Federation } from './create-federation.js';
export { Deadline } from './deadline.js';
export type {
  Explanation,
  FederatedRuleGroup,
  MetadataRequest,
  MetadataResult,
  ParsedQuery,
  ParsedSelectors,
  QueryAnswer,
  QueryEngine,
  QueryRequest,
  RulesRequest,
  ValueAnswer,
} from './query-engine.js';
export { QueryBatching } from './fetch/query-batching.js';
export { QueryStats } from './stats/query-stats.js';
export { createQueryRequest, parseQuery, type QueryParameters } from './query-request.js';
