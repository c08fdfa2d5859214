// The federation: a query engine over all server groups.

import type { LabelIndexStatus } from '../upstreams/index.js';
import { explainQuery } from './explain.js';
import { FederationMetadata } from './metadata.js';
import type { FederationOptions } from './options.js';
import type { QueryEngine } from './query-engine.js';
import { EVALUATE, QUERY, QueryRun } from './query-run.js';

export interface Federation extends QueryEngine {
  /** Learned label values, by group and label. */
  labelIndex(): readonly LabelIndexStatus[];
  /** Ends every connection to every region. */
  close(): Promise<void>;
}

export function createFederation(options: FederationOptions): Federation {
  const { groups } = options;
  return {
    query: async (request) => new QueryRun(request, options, QUERY).start(),
    evaluate: async (request) => new QueryRun(request, options, EVALUATE).start(),
    explain: (request) => explainQuery(request, options),
    metadata: new FederationMetadata(options),
    labelIndex: () => groups.flatMap((group) => group.labelIndex()),
    async close() {
      await Promise.all(groups.map((group) => group.close()));
    },
  };
}
