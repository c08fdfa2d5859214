// The label values of a server group: those that its configuration declares, and those that were learned.

import type { LabelFilterSettings } from '../../config/index.js';
import { anyValueMatches, type LabelFilter } from '../../model/index.js';

/** The learned values of labels; a label without an entry is unknown. */
export type LearnedValues = ReadonlyMap<string, ReadonlySet<string>>;

const NOTHING_LEARNED: LearnedValues = new Map();

/**
 * A label of `static_labels_include` has these values and no others; a dynamic label has them beside its learned
 * values. Values of `static_labels_exclude` are in neither; an exclusion of any other label is ignored.
 *
 * Source: promxy, pkg/promclient/labelfilter.go (`Sync`, `FilterLabelMatchers`), except for matchers that the empty
 * value satisfies, which promxy treats as unsatisfiable, and for values that no group is known to have.
 */
export class GroupFilter {
  readonly #include: LearnedValues;
  readonly #exclude: LearnedValues;
  readonly #dynamic: ReadonlySet<string>;
  /** By the declared values alone. */
  readonly declared: LabelFilter;

  constructor(settings: LabelFilterSettings) {
    this.#include = setsOf(settings.include);
    this.#exclude = setsOf(settings.exclude);
    this.#dynamic = new Set(settings.dynamicLabels);
    this.declared = this.with(NOTHING_LEARNED);
  }

  /** By the declared values and these learned ones. */
  with(learned: LearnedValues): LabelFilter {
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

function setsOf(labels: LabelFilterSettings['include']): LearnedValues {
  return new Map(labels.map(([label, values]) => [label, new Set(values)]));
}
