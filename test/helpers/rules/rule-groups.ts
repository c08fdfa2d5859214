// Rule groups for tests, over an engine whose results the test chooses.

import type { RuleGroupSettings, RuleSettings } from '../../../src/config/index.js';
import type { QueryBatching, QueryEngine } from '../../../src/federation/index.js';
import { Labels, type Column, type MissingGroup } from '../../../src/model/index.js';
import { Cancellation, NO_LOG, type MemoryAccount } from '../../../src/runtime/index.js';
import { countRecordedNames } from '../../../src/rules/chain/recorded-names.js';
import { createRuleGroup } from '../../../src/rules/create-rule-group.js';
import type { OutgoingAlert, OutgoingSample } from '../../../src/rules/index.js';
import { NO_ELECTION, type GroupOwnership } from '../../../src/rules/election/index.js';
import { NO_RULE_METRICS } from '../../../src/rules/metrics.js';
import { QueryLimit } from '../../../src/rules/query/query-limit.js';
import type { RuleSet } from '../../../src/rules/rule-manager.js';
import { valueAnswer } from '../federation.js';
import type { ManualTimers } from '../runtime/manual-timers.js';

/** Number of queries that run at the same time, beyond one for each group. */
const SHARED_QUERIES = 4;

/** Series by the text of the query: label sets with values. */
export type Results = Map<
  string,
  readonly (readonly [labels: Readonly<Record<string, string>>, value: number])[]
>;

/** An engine that answers from a map. Records its queries and the outputs of rules. */
export class RuleBench {
  readonly results: Results = new Map();
  readonly queries: {
    readonly text: string;
    readonly timeMs: number;
    readonly batching: QueryBatching | undefined;
  }[] = [];
  readonly alerts: OutgoingAlert[] = [];
  readonly samples: OutgoingSample[] = [];
  readonly restored: string[] = [];
  readonly resumed: string[] = [];
  ownership: GroupOwnership = NO_ELECTION;
  /** Account of the series that rules hold. */
  memory: MemoryAccount | undefined;
  /** Groups that are missing from every answer. */
  missing: readonly MissingGroup[] = [];
  /** Awaited before each answer. */
  beforeAnswer: (text: string) => Promise<void> = () => Promise.resolve();
  readonly #queryLimit = new QueryLimit(SHARED_QUERIES);
  readonly #timers: ManualTimers;

  constructor(timers: ManualTimers) {
    this.#timers = timers;
  }

  readonly engine: QueryEngine = {
    evaluate: async ({ text, grid, batching }) => {
      this.queries.push({ text, timeMs: grid.startMs, batching });
      await this.beforeAnswer(text);
      const series = this.results.get(text);
      if (series === undefined) throw new Error(`no result for ${text}`);
      const columns = series.map(([labels, value]): Column => ({
        labels: Labels.from(labels),
        values: Float64Array.of(value),
        present: Uint8Array.of(1),
      }));
      const answer = valueAnswer({ type: 'vector', columns, ordered: false });
      for (const group of this.missing) answer.annotations.missing(group);
      return answer;
    },
  } as Partial<QueryEngine> as QueryEngine;

  /** A rule set over the engine. Restoring is recorded only. */
  ruleSet(groups: readonly RuleGroupSettings[], context = ''): RuleSet {
    const signal = new Cancellation();
    const recordedNames = countRecordedNames(groups);
    return {
      groups,
      recordedNames,
      context,
      ownership: this.ownership,
      createGroup: (settings, isRestored) =>
        createRuleGroup(settings, {
          engine: () => this.engine,
          alerts: { send: (alerts) => this.alerts.push(...alerts) },
          samples: { append: (samples) => this.samples.push(...samples) },
          memory: this.memory,
          features: new Set(),
          queryTimeoutMs: 10_000,
          resendDelayMs: 60_000,
          holdMs: 600_000,
          chainsInMemory: true,
          recordedNames,
          isRestored,
          createTemplate: (_rule, name, text) => ({ name, expand: () => text }),
          graphUrl: (expr) => `/graph?${expr}`,
          queryLimit: this.#queryLimit.forGroup(),
          signal,
          metrics: NO_RULE_METRICS,
          clock: this.#timers,
          log: NO_LOG,
        }),
      resume: async (group) => {
        this.resumed.push(group.settings.name);
        for (const rule of group.rules) if (rule.kind === 'alerting') rule.resume(() => undefined);
      },
      restore: async (group) => {
        this.restored.push(group.settings.name);
        for (const rule of group.rules) if (rule.kind === 'alerting') rule.isRestored = true;
      },
    };
  }
}

export function groupSettings(
  name: string,
  rules: readonly RuleSettings[],
  changes: Partial<RuleGroupSettings> = {},
): RuleGroupSettings {
  return {
    name,
    file: 'rules.yaml',
    intervalMs: 60_000,
    limit: 0,
    queryOffsetMs: 0,
    partialResponse: undefined,
    rules,
    ...changes,
  };
}

export function recording(
  name: string,
  expr: string,
  labels: Readonly<Record<string, string>> = {},
): RuleSettings {
  return { kind: 'recording', name, expr, labels: Object.entries(labels) };
}

export function alerting(name: string, expr: string, forMs = 0): RuleSettings {
  return { kind: 'alerting', name, expr, forMs, keepFiringForMs: 0, labels: [], annotations: [] };
}
