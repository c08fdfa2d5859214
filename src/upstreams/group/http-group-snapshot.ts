// A snapshot of a server group over HTTP.

import type { ServerGroupSettings } from '../../config/index.js';
import {
  hasClosedLookback,
  sameProduct,
  type LabelFilter,
  type Labels,
  type Matcher,
  type Product,
  type TimeBounds,
} from '../../model/index.js';
import type { Target } from '../http/target.js';
import {
  labelNamesCall,
  labelValuesCall,
  metadataCall,
  queryCall,
  rulesCall,
  seriesCall,
} from '../api/api-call.js';
import { METADATA, SERIES, stringsKind } from '../api/metadata-kinds.js';
import { RULES } from '../api/rules-answer.js';
import type { RegionRuleGroup, RulesQuery } from '../region-rules.js';
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
import type { TargetDetector } from '../detect/target-detector.js';
import type { TargetGroup } from './fan-out.js';
import { RawSource } from './raw-source.js';
import { readWindow } from './merge-targets.js';
import { queryReplicaMetadata } from './metadata-query.js';
import { queryReplicas } from './replica-query.js';
import { queryReplicaSamples } from './sample-query.js';

type Strings = Promise<MetadataAnswer<readonly string[]>>;

export interface SnapshotOptions {
  readonly settings: ServerGroupSettings;
  readonly group: TargetGroup;
  readonly detector: TargetDetector;
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
  readonly native: boolean;
  readonly products: readonly Product[];
  readonly mergesLookback: boolean;
  readonly histograms: HistogramNames | undefined;
  readonly allowsLossyHistograms: boolean;
  readonly inject: readonly Matcher[] | undefined;
  readonly filter: LabelFilter | undefined;
  readonly bounds: TimeBounds | undefined;
  readonly #group: TargetGroup;
  readonly #source: RawSource;

  constructor({ settings, group, detector, histograms, filter, bounds }: SnapshotOptions) {
    this.name = group.name;
    this.labels = group.labels;
    this.ignoreError = settings.ignoreError;
    this.replicated = group.targets.length > 1;
    this.exact = settings.semantics === 'exact';
    this.alignsRanges = settings.alignsRanges;
    this.mergesWindows = this.replicated && settings.semantics === undefined;
    this.native = settings.semantics === 'native';
    this.products = productsOf(group.targets);
    this.#source = new RawSource(settings, detector);
    const isRemote = this.#source.isRemote(group.targets);
    // Without stale markers, merged samples would not show where a series ends.
    this.mergesLookback = this.mergesWindows && group.antiAffinity === undefined && isRemote;
    this.histograms = isRemote ? histograms : undefined;
    this.allowsLossyHistograms = settings.allowsLossyHistograms;
    this.inject = settings.injectMatchers;
    this.filter = filter;
    this.bounds = bounds;
    this.#group = group;
  }

  query(query: RegionQuery, context: FetchContext): Promise<GroupAnswer> {
    const call = queryCall(query, withOpenLookback(context, this.products), this.#group.clock);
    return queryReplicas(this.#group, query, call, context);
  }

  samples(query: SamplesQuery, context: FetchContext): Promise<GroupSamples> {
    const group = this.#group;
    const sent = { ...query, window: readWindow(group, query.window) };
    return queryReplicaSamples(group, sent, query.window, this.#source, context);
  }

  get rawSamples(): readonly string[] {
    const { targets, redact } = this.#group;
    return this.#source.describe(targets, redact);
  }

  series(query: MetadataQuery, context: FetchContext): Promise<MetadataAnswer<Labels[]>> {
    const call = seriesCall(query, context, this.#group.clock);
    return queryReplicaMetadata(this.#group, SERIES, call, context);
  }

  labelNames(query: MetadataQuery, context: FetchContext): Strings {
    const call = labelNamesCall(query, context, this.#group.clock);
    return queryReplicaMetadata(this.#group, stringsKind(query.limit), call, context);
  }

  labelValues(name: string, query: MetadataQuery, context: FetchContext): Strings {
    const call = labelValuesCall(name, query, context, this.#group.clock);
    return queryReplicaMetadata(this.#group, stringsKind(query.limit), call, context);
  }

  metadata(
    metric: string | undefined,
    limit: number | undefined,
    context: FetchContext,
  ): Promise<MetadataAnswer<ReadonlyMap<string, readonly MetricMetadata[]>>> {
    const call = metadataCall(metric, limit, context, this.#group.clock);
    return queryReplicaMetadata(this.#group, METADATA, call, context);
  }

  rules(query: RulesQuery, context: FetchContext): Promise<MetadataAnswer<readonly RegionRuleGroup[]>> {
    const call = rulesCall(query, context, this.#group.clock);
    return queryReplicaMetadata(this.#group, RULES, call, context);
  }
}

/** Returns the products of targets without duplicates. */
function productsOf(targets: readonly Target[]): readonly Product[] {
  const products: Product[] = [];
  for (const { traits } of targets) {
    if (!products.some((known) => sameProduct(known, traits.product))) products.push(traits.product);
  }
  return products;
}

/** Shortens the lookback for servers that include its left end by a millisecond, so that they exclude it. */
function withOpenLookback(context: FetchContext, products: readonly Product[]): FetchContext {
  const closed = products.find(hasClosedLookback);
  const lookbackMs = closed && (context.lookbackDeltaMs ?? closed.lookbackMs);
  return lookbackMs === undefined ? context : { ...context, lookbackDeltaMs: Math.max(1, lookbackMs - 1) };
}
