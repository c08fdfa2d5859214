// Results of rules that other rules read, in memory: they take the place of stored series with the same names.

import type { ServerGroupSettings } from '../../config/index.js';
import { Labels, METRIC_NAME, type LabelFilter } from '../../model/index.js';
import type { FeatureSet } from '../../promql/language/index.js';
import type { GroupSnapshot, ServerGroup } from '../../upstreams/index.js';
import type { OutgoingSample } from '../ports.js';
import { createMemoryGroup, SeriesStore } from '../unit-test/index.js';

export interface ResultsOptions {
  /** Names of the recorded metrics. */
  readonly names: readonly string[];
  /** Added to the labels of the results, as remote write adds them. */
  readonly externalLabels: Labels;
  readonly features: FeatureSet;
  readonly defaultStepMs: number;
}

/** Results of the rules of one unit. */
export class RuleResults {
  readonly names: readonly string[];
  readonly group: ServerGroup;
  readonly #externalLabels: Labels;
  readonly #store = new SeriesStore();

  constructor({ names, externalLabels, features, defaultStepMs }: ResultsOptions) {
    this.names = names;
    this.#externalLabels = externalLabels;
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
      this.#store.append(this.#externalLabels.with(labels), timeMs, isStale ? 'stale' : value);
    }
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
