// A scenario of the comparison with promtool: rule files over the series of regions.

import { parse } from 'yaml';

import type { RuleGroupSettings, RuleSettings } from '../../../../src/config/index.js';
import { parseDuration } from '../../../../src/model/index.js';

/** A sample of a series; undefined for a missing sample. */
export type ScenarioSample = number | 'stale' | undefined;

export interface ScenarioSeries {
  /** `__name__` included, without the labels of the region. */
  readonly labels: Readonly<Record<string, string>>;
  /** One for each interval, from time 0. */
  readonly samples: readonly ScenarioSample[];
}

export interface ScenarioRegion {
  readonly name: string;
  /** Labels of the server group. */
  readonly labels: Readonly<Record<string, string>>;
  readonly series: readonly ScenarioSeries[];
}

export interface Scenario {
  /** A rule file. Names of groups are unique. */
  readonly rules: string;
  readonly regions: readonly ScenarioRegion[];
  /** Interval of the samples and of the groups. */
  readonly intervalMs: number;
  /** Number of evaluations after the one at time 0. */
  readonly steps: number;
  readonly externalLabels?: Readonly<Record<string, string>>;
  readonly externalUrl?: string;
}

interface FileGroup {
  readonly name: string;
  readonly limit?: number;
  readonly query_offset?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly rules: readonly {
    readonly alert?: string;
    readonly record?: string;
    readonly expr: string;
    readonly for?: string;
    readonly keep_firing_for?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  }[];
}

/** Returns the groups of a rule file. */
export function ruleGroups(text: string, intervalMs: number): RuleGroupSettings[] {
  const { groups } = parse(text) as { groups: FileGroup[] };
  return groups.map((group) => ({
    name: group.name,
    file: 'rules.yaml',
    intervalMs,
    limit: group.limit ?? 0,
    queryOffsetMs: parseDuration(group.query_offset ?? '0s'),
    partialResponse: undefined,
    rules: group.rules.map((rule): RuleSettings => {
      const labels = pairs({ ...group.labels, ...rule.labels });
      if (rule.alert === undefined) return { kind: 'recording', name: rule.record!, expr: rule.expr, labels };
      return {
        kind: 'alerting',
        name: rule.alert,
        expr: rule.expr,
        forMs: parseDuration(rule.for ?? '0s'),
        keepFiringForMs: parseDuration(rule.keep_firing_for ?? '0s'),
        labels,
        annotations: pairs(rule.annotations ?? {}),
      };
    }),
  }));
}

function pairs(map: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1));
}
