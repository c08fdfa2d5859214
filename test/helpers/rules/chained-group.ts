// A rule group over regions in memory, which need not return the results of the rules.

import type { RuleGroupSettings, RuleSettings } from '../../../src/config/index.js';
import { createFederation } from '../../../src/federation/index.js';
import { Labels, printMatchers } from '../../../src/model/index.js';
import { Cancellation, NO_LOG, systemClock, type Log } from '../../../src/runtime/index.js';
import { createRuleSet, type OutgoingSample } from '../../../src/rules/index.js';
import type { RuleGroup } from '../../../src/rules/group/rule-group.js';
import { NO_RULE_METRICS } from '../../../src/rules/metrics.js';
import type { StoredSample } from '../../../src/rules/unit-test/histogram-notation.js';
import { createMemoryGroup } from '../../../src/rules/unit-test/memory-group.js';
import { SeriesStore } from '../../../src/rules/unit-test/series-store.js';
import type { GroupSnapshot, ServerGroup } from '../../../src/upstreams/index.js';
import { groupSettings } from './rule-groups.js';

export const MINUTE = 60_000;
const NO_FEATURES: ReadonlySet<never> = new Set();

interface Region {
  readonly store: SeriesStore;
  readonly group: ServerGroup;
  /** The failure of all requests to the region. */
  failure: Error | undefined;
}

/**
 * Regions `eu`, `us` with the label region, and `results` without labels, to which rules do not write. It is not queried
 * unless it has series: no label distinguishes it from the others, so that raw samples of all are read.
 */
export class ChainBench {
  readonly regions: Readonly<Record<'eu' | 'us' | 'results', Region>>;
  /** Samples that the rules write. */
  readonly written: OutgoingSample[] = [];
  /** The expressions that the regions received, with their region. */
  readonly queries: string[] = [];
  readonly logged: string[] = [];
  readonly #chainedResults: 'memory' | 'regions';
  #hasResults = false;

  constructor(chainedResults: 'memory' | 'regions' = 'memory') {
    this.#chainedResults = chainedResults;
    this.regions = { eu: this.#region('eu'), us: this.#region('us'), results: this.#region('results', {}) };
  }

  /** Appends a sample to a series of a region. */
  append(
    region: 'eu' | 'us' | 'results',
    series: Readonly<Record<string, string>>,
    timeMs: number,
    sample: StoredSample,
  ): void {
    if (region === 'results') this.#hasResults = true;
    this.regions[region].store.append(Labels.from(series), timeMs, sample);
  }

  /** Creates groups that are evaluated over the regions. */
  groups(...settings: readonly RuleGroupSettings[]): RuleGroup[] {
    const { eu, us, results } = this.regions;
    const engine = createFederation({
      groups: [eu, us, ...(this.#hasResults ? [results] : [])].map(({ group }) => group),
      clock: systemClock,
      maxSamples: 1_000_000,
      lookbackDeltaMs: undefined,
      defaultStepMs: MINUTE,
      delaysNames: false,
      pushdown: true,
    });
    const log: Log = { ...NO_LOG, warn: (_fields: object, message: string) => this.logged.push(message) };
    const rules = createRuleSet(
      {
        ruleGroups: settings,
        rules: { holdMs: 10 * MINUTE, chainedResults: this.#chainedResults },
        externalLabels: Labels.from({ source: 'promfed' }),
        serverGroups: [],
      },
      {
        engine: () => engine,
        alerts: { send: () => undefined },
        samples: { append: (samples) => this.written.push(...samples) },
        features: NO_FEATURES,
        queryTimeoutMs: 10_000,
        resendDelayMs: MINUTE,
        forOutageToleranceMs: 0,
        forGracePeriodMs: 0,
        alertBackfill: false,
        externalUrl: '',
        metrics: NO_RULE_METRICS,
        clock: { now: () => 0 },
        log,
        signal: new Cancellation(),
      },
    );
    return settings.map((group) => rules.createGroup(group, true));
  }

  /** Creates one group. */
  group(rules: readonly RuleSettings[], changes: Partial<RuleGroupSettings> = {}): RuleGroup {
    return this.groups(groupSettings('g', rules, changes))[0]!;
  }

  /** Returns the newest value that was written to each series, without those that have ended. */
  newest(): Record<string, number> {
    const values = new Map<string, number>();
    for (const { labels, value, isStale } of this.written) {
      if (isStale) values.delete(labels.toString());
      else values.set(labels.toString(), typeof value === 'number' ? value : value.count);
    }
    return Object.fromEntries(values);
  }

  #region(name: string, labels: Readonly<Record<string, string>> = { region: name }): Region {
    const store = new SeriesStore();
    const options = { name, labels: Labels.from(labels), series: store, features: NO_FEATURES };
    const group = createMemoryGroup({ ...options, defaultStepMs: MINUTE });
    const region: Region = { store, group: this.#observed(group, () => region.failure), failure: undefined };
    return region;
  }

  #observed(group: ServerGroup, failure: () => Error | undefined): ServerGroup {
    const [snapshot] = group.snapshots(0, false) as [GroupSnapshot];
    const observe = (expr: string): void => {
      this.queries.push(`${group.name}: ${expr}`);
      const thrown = failure();
      if (thrown !== undefined) throw thrown;
    };
    const observed: GroupSnapshot = {
      ...snapshot,
      ignoreError: true,
      query: async (query, context) => {
        observe(query.expr);
        return snapshot.query(query, context);
      },
      samples: async (query, context) => {
        observe(printMatchers(query.matchers));
        return snapshot.samples(query, context);
      },
    };
    return { ...group, snapshots: () => [observed] };
  }
}
