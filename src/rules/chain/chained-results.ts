// Chained rules: the results of a rule group in place of those that its rules would read back from the regions.

import { compileMatcher, Labels, METRIC_NAME, type Matcher, type MissingGroup } from '../../model/index.js';
import { selectorsByTime, type Expr } from '../../promql/language/index.js';
import type { GroupSnapshot } from '../../upstreams/index.js';
import { createMemorySnapshot } from '../memory-snapshot.js';
import { exactNameOf, type GroupResults } from './group-results.js';
import type { RecordedNames } from './recorded-names.js';

/** The results that the queries of one rule read. */
export interface ChainedResults {
  /** Returns the results that an expression selects; undefined when it reads the regions only. */
  trySelect(expr: Expr): SelectedResults | undefined;
}

export interface SelectedResults {
  /** Owns the metrics that are selected. */
  readonly group: GroupSnapshot;
  /** The groups whose series were missing when these metrics were recorded. May contain duplicates. */
  readonly missing: readonly MissingGroup[];
  /** True when each series of these metrics has the labels of the only missing group that it depends on, if any. */
  readonly isDisjoint: boolean;
}

export interface ChainedResultsOptions {
  readonly groupName: string;
  readonly results: GroupResults;
  /** The metrics of all rule groups. */
  readonly recorded: RecordedNames;
  /** Position of the rule that reads. */
  readonly position: number;
}

/**
 * Creates the view of one rule. Results replace those of the regions for all selectors of an expression or for none: what
 * comes back from a region may have more labels, and would not match them. The regions are read when:
 *
 * - another selector of the expression reads recorded series at other times, or those of other groups;
 * - a rule that records the metric has not succeeded yet, or results were dropped because there are too many;
 * - another rule group records the metric too;
 * - a matcher requires a label that no result has had. It may be added on the way: an external label, or a region's.
 */
export function createChainedResults(options: ChainedResultsOptions): ChainedResults {
  const { groupName, results, position } = options;
  return {
    trySelect(expr) {
      const ownedNames = tryOwnedNames(expr, options);
      if (ownedNames === undefined) return undefined;
      const snapshot = createMemorySnapshot({
        name: `rule group ${JSON.stringify(groupName)}`,
        labels: Labels.EMPTY,
        select: (matchers, window) => results.select(matchers, window),
      });
      const losses = [...ownedNames].flatMap((name) => results.lossesOf(name, position));
      return {
        group: { ...snapshot, ownedNames },
        missing: losses.flatMap(({ missing }) => missing),
        isDisjoint: losses.every(({ missing, isDisjoint }) => missing.length === 0 || isDisjoint),
      };
    },
  };
}

/** The metrics whose results the expression reads. */
function tryOwnedNames(expr: Expr, options: ChainedResultsOptions): ReadonlySet<string> | undefined {
  const { results, recorded } = options;
  const { current, others } = selectorsByTime(expr);
  const owned = new Set<string>();
  const fromRegions = others.map(({ matchers }) => matchers);
  for (const { matchers } of current) {
    const name = exactNameOf(matchers);
    if (name === undefined || !results.keeps(name)) {
      fromRegions.push(matchers);
      continue;
    }
    if (!hasResults(name, options) || !mayMatch(matchers, name, results)) return undefined;
    owned.add(name);
  }
  if (owned.size === 0) return undefined;
  return fromRegions.some((matchers) => selectsRecorded(matchers, recorded)) ? undefined : owned;
}

/** Reports whether the results of a metric are complete: each rule that records it has succeeded since the start. */
function hasResults(name: string, { results, recorded }: ChainedResultsOptions): boolean {
  return (
    recorded.get(name) === 1 &&
    results.positionsOf(name).every((position) => results.stateOf(position) === 'kept')
  );
}

/** Reports whether results may have all labels that the matchers require. */
function mayMatch(matchers: readonly Matcher[], name: string, results: GroupResults): boolean {
  return matchers.every(
    (matcher) =>
      matcher.name === METRIC_NAME || compileMatcher(matcher)('') || results.mayHaveLabel(name, matcher.name),
  );
}

/** Reports whether a selector may read series that a rule records. */
function selectsRecorded(matchers: readonly Matcher[], recorded: RecordedNames): boolean {
  const name = exactNameOf(matchers);
  if (name !== undefined) return recorded.has(name);
  const tests = matchers.filter((matcher) => matcher.name === METRIC_NAME).map(compileMatcher);
  return [...recorded.keys()].some((one) => tests.every((test) => test(one)));
}
