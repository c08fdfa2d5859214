// What is known of a group's label values: what its configuration declares, and beside it what was learned.

import type { LabelFilterSettings } from '../../config/index.js';
import { anyValueMatches, type LabelFilter } from '../../model/index.js';
import type { LabelIndex } from './label-index.js';

type Values = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * A label of `static_labels_include` has these values and no others; a dynamic one has them beside what was learned.
 * Values of `static_labels_exclude` are in neither; an exclusion of any other label says nothing.
 *
 * Source: promxy, pkg/promclient/labelfilter.go (`Sync`, `FilterLabelMatchers`), but for matchers that the empty value
 * satisfies, which promxy takes for unsatisfiable, and for values that nobody was seen to have.
 *
 * @param index undefined to go by the configuration alone.
 */
export function createGroupFilter(
  settings: LabelFilterSettings,
  index: Pick<LabelIndex, 'valuesOf'> | undefined,
): LabelFilter {
  const include = setsOf(settings.include);
  const exclude = setsOf(settings.exclude);
  const dynamic = new Set(settings.dynamicLabels);
  return {
    judge(matcher, test) {
      const { name, op, value } = matcher;
      const included = include.get(name);
      if (included === undefined && !dynamic.has(name)) return 'unknown';
      const excluded = exclude.get(name);
      if (op === '=' && excluded?.has(value) === true) return 'excluded';
      const passes = excluded === undefined ? test : (one: string) => !excluded.has(one) && test(one);
      if (included !== undefined && anyValueMatches(included, matcher, passes)) return 'matches';
      if (!dynamic.has(name)) return 'excluded';
      const learned = index?.valuesOf(name);
      if (learned === undefined) return 'unknown';
      return anyValueMatches(learned, matcher, passes) ? 'matches' : 'absent';
    },
  };
}

function setsOf(labels: LabelFilterSettings['include']): Values {
  return new Map(labels.map(([label, values]) => [label, new Set(values)]));
}
