// The label values of a server group: those that its configuration declares, and those that were learned.

import type { LabelFilterSettings } from '../../config/index.js';
import { anyValueMatches, type LabelFilter } from '../../model/index.js';

/** Values of labels, by label name. */
export type LabelValues = ReadonlyMap<string, ReadonlySet<string>>;

const NOTHING_LEARNED: LabelValues = new Map();

/**
 * Creates filters from the `label_filter` of a group.
 *
 * - A label of `static_labels_include` has the listed values, and no others unless it is dynamic.
 * - A dynamic label also has its learned values. It is unknown until they are learned.
 * - `static_labels_exclude` removes values from both, and is ignored for all other labels.
 *
 * Source: promxy, pkg/promclient/labelfilter.go (`Sync`, `FilterLabelMatchers`). Differs from promxy for matchers that
 * the empty value satisfies, which promxy treats as unsatisfiable, and for values that no group is known to have.
 */
export class GroupFilter {
  readonly #include: LabelValues;
  readonly #exclude: LabelValues;
  readonly #dynamic: ReadonlySet<string>;
  /** The filter by the declared values alone. */
  readonly declared: LabelFilter;

  constructor(settings: LabelFilterSettings) {
    this.#include = setsOf(settings.include);
    this.#exclude = setsOf(settings.exclude);
    this.#dynamic = new Set(settings.dynamicLabels);
    this.declared = this.with(NOTHING_LEARNED);
  }

  /** Returns the filter by the declared and the learned values. A label without an entry in `learned` is unknown. */
  with(learned: LabelValues): LabelFilter {
    return {
      judge: (matcher, test) => {
        const { name, op, value } = matcher;
        const included = this.#include.get(name);
        const isDynamic = this.#dynamic.has(name);
        if (included === undefined && !isDynamic) return 'unknown';
        const excluded = this.#exclude.get(name);
        if (op === '=' && excluded?.has(value) === true) return 'excluded';
        const passes = excluded === undefined ? test : (one: string) => !excluded.has(one) && test(one);
        if (included !== undefined && anyValueMatches(included, matcher, passes)) return 'matches';
        if (!isDynamic) return 'excluded';
        const values = learned.get(name);
        if (values === undefined) return 'unknown';
        return anyValueMatches(values, matcher, passes) ? 'matches' : 'absent';
      },
    };
  }
}

function setsOf(labels: LabelFilterSettings['include']): LabelValues {
  return new Map(labels.map(([label, values]) => [label, new Set(values)]));
}
