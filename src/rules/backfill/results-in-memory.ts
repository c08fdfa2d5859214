// Results of rules that other rules read, in memory: they take the place of stored series with the same names.

import type { ServerGroupSettings } from '../../config/index.js';
import { compileMatcher, Labels, METRIC_NAME, type LabelFilter, type Matcher } from '../../model/index.js';
import type { FeatureSet } from '../../promql/language/index.js';
import type { GroupSnapshot, ServerGroup } from '../../upstreams/index.js';
import type { OutgoingSample } from '../ports.js';
import { createMemoryGroup, SeriesStore } from '../unit-test/index.js';

export interface ResultsOptions {
  /** Names of the recorded metrics. */
  readonly names: readonly string[];
  readonly features: FeatureSet;
  readonly defaultStepMs: number;
}

/** Results of the rules of one unit. */
export class RuleResults {
  readonly names: readonly string[];
  readonly group: ServerGroup;
  /** Names of the labels that results have had, for each metric. */
  readonly #labelNames = new Map<string, Set<string>>();
  readonly #store = new SeriesStore();

  constructor({ names, features, defaultStepMs }: ResultsOptions) {
    this.names = names;
    const memory = createMemoryGroup({
      name: 'results of rules',
      labels: Labels.EMPTY,
      series: this.#store,
      features,
      defaultStepMs,
    });
    this.group = {
      ...memory,
      snapshots: (...args) => memory.snapshots(...args).map((one) => this.#named(one)),
    };
  }

  /** Adds the samples of a rule: later than those that the rule has added before. */
  append(samples: readonly OutgoingSample[]): void {
    for (const { labels, timeMs, value, isStale } of samples) {
      this.#store.append(labels, timeMs, isStale ? 'stale' : value);
      const names = this.#labelNames.get(labels.metricName);
      if (names === undefined) this.#labelNames.set(labels.metricName, new Set(labels.names()));
      else for (const name of labels.names()) names.add(name);
    }
  }

  /** Returns a label that a selector requires and no result of its metric has had; undefined when there is none. */
  tryMissingLabel(matchers: readonly Matcher[]): string | undefined {
    const metric = matchers.find(({ name, op }) => name === METRIC_NAME && op === '=')?.value ?? '';
    const names = this.#labelNames.get(metric);
    return names && matchers.find((one) => !names.has(one.name) && !compileMatcher(one)(''))?.name;
  }

  forgetBefore(timeMs: number): void {
    this.#store.forgetBefore(timeMs);
  }

  #named(snapshot: GroupSnapshot): GroupSnapshot {
    return { ...snapshot, filter: namesOnly(this.names) };
  }
}

/** The knowledge that a group has no metrics but these. */
function namesOnly(names: readonly string[]): LabelFilter {
  return {
    judge: ({ name }, test) => {
      if (name !== METRIC_NAME) return 'unknown';
      return names.some(test) ? 'matches' : 'excluded';
    },
  };
}

/** Returns the settings of server groups that read everything but the series of the metrics. */
export function withoutMetrics(
  groups: readonly ServerGroupSettings[],
  names: readonly string[],
): readonly ServerGroupSettings[] {
  const matchers = names.map((value) => ({ name: METRIC_NAME, op: '!=', value }) as const);
  return groups.map((group) => ({
    ...group,
    injectMatchers: [...(group.injectMatchers ?? []), ...matchers],
  }));
}
