// A snapshot of a server group over HTTP.

import type { ServerGroupSettings } from '../../config/index.js';
import type { LabelFilter, Labels, Matcher, TimeBounds } from '../../model/index.js';
import {
  labelNamesCall,
  labelValuesCall,
  metadataCall,
  queryCall,
  readCall,
  samplesCall,
  seriesCall,
} from '../api/api-call.js';
import { METADATA, SERIES, STRINGS } from '../api/metadata-answer.js';
import type {
  FetchContext,
  GroupAnswer,
  GroupSamples,
  GroupSnapshot,
  HistogramNames,
  MetadataAnswer,
  MetadataQuery,
  MetricMetadata,
  RegionQuery,
  SamplesQuery,
} from '../server-group.js';
import type { Group } from './fan-out.js';
import { queryGroupMetadata } from './metadata-query.js';
import { queryGroup } from './query-group.js';
import { queryGroupSamples } from './sample-query.js';

type Strings = Promise<MetadataAnswer<readonly string[]>>;

export interface SnapshotFacts {
  readonly settings: ServerGroupSettings;
  readonly group: Group;
  readonly labels: Labels;
  readonly histograms: HistogramNames | undefined;
  readonly filter: LabelFilter | undefined;
  readonly bounds: TimeBounds | undefined;
}

export class HttpGroupSnapshot implements GroupSnapshot {
  readonly name: string;
  readonly labels: Labels;
  readonly ignoreError: boolean;
  readonly replicated: boolean;
  readonly exact: boolean;
  readonly alignsRanges: boolean;
  readonly mergesWindows: boolean;
  readonly histograms: HistogramNames | undefined;
  readonly allowsLossyHistograms: boolean;
  readonly inject: readonly Matcher[] | undefined;
  readonly filter: LabelFilter | undefined;
  readonly bounds: TimeBounds | undefined;
  readonly #group: Group;
  readonly #remoteReadPath: string | undefined;

  constructor({ settings, group, labels, histograms, filter, bounds }: SnapshotFacts) {
    this.name = group.name;
    this.labels = labels;
    this.ignoreError = settings.ignoreError;
    this.replicated = group.targets.length > 1;
    this.exact = settings.semantics === 'exact';
    this.alignsRanges = settings.alignsRanges;
    this.mergesWindows = this.replicated && settings.semantics === undefined;
    this.histograms = histograms;
    this.allowsLossyHistograms = settings.allowsLossyHistograms;
    this.inject = settings.injectMatchers;
    this.filter = filter;
    this.bounds = bounds;
    this.#group = group;
    this.#remoteReadPath = settings.remoteReadPath;
  }

  query(query: RegionQuery, context: FetchContext): Promise<GroupAnswer> {
    return queryGroup(this.#group, query.kind, queryCall(query, context, this.#group.clock), context);
  }

  samples(query: SamplesQuery, context: FetchContext): Promise<GroupSamples> {
    const path = this.#remoteReadPath;
    const call = path === undefined ? samplesCall(query, context, this.#group.clock) : readCall(query, path);
    return queryGroupSamples(this.#group, query, call, context);
  }

  series(query: MetadataQuery, context: FetchContext): Promise<MetadataAnswer<readonly Labels[]>> {
    const call = seriesCall(query, context, this.#group.clock);
    return queryGroupMetadata(this.#group, SERIES, call, context);
  }

  labelNames(query: MetadataQuery, context: FetchContext): Strings {
    const call = labelNamesCall(query, context, this.#group.clock);
    return queryGroupMetadata(this.#group, STRINGS, call, context);
  }

  labelValues(name: string, query: MetadataQuery, context: FetchContext): Strings {
    const call = labelValuesCall(name, query, context, this.#group.clock);
    return queryGroupMetadata(this.#group, STRINGS, call, context);
  }

  metadata(
    metric: string | undefined,
    limit: number | undefined,
    context: FetchContext,
  ): Promise<MetadataAnswer<ReadonlyMap<string, readonly MetricMetadata[]>>> {
    const call = metadataCall(metric, limit, context, this.#group.clock);
    return queryGroupMetadata(this.#group, METADATA, call, context);
  }
}
