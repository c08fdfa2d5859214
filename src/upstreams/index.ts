export { MetricUnion } from './api/metadata-kinds.js';
export { nameSource } from './group/group-failures.js';
export {
  createHttpClient,
  type HttpClient,
  type HttpClientOptions,
  type HttpClientRequest,
  type HttpClientResponse,
} from './http/http-client.js';
export { Redactor } from './http/redactor.js';
export { createServerGroup } from './http-server-group.js';
export type { UpstreamObservation } from './metrics.js';
export type { Background } from './options.js';
export { isRegionFailure, isRejection } from './region-error.js';
export type { RegionRule, RegionRuleGroup, RulesQuery } from './region-rules.js';
export type {
  ExchangeStats,
  FetchContext,
  GroupAnswer,
  GroupSamples,
  GroupSnapshot,
  HistogramNames,
  LabelIndexStatus,
  MetadataAnswer,
  MetadataQuery,
  MetricMetadata,
  RegionQuery,
  SamplesQuery,
  ServerGroup,
} from './server-group.js';
