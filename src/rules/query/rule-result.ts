// The result of the expression of a rule at one time.

import type { Histogram, Labels, MissingGroup } from '../../model/index.js';

/** One sample of the result. */
export interface RuleSample {
  readonly labels: Labels;
  readonly value: number | Histogram;
}

export interface RuleResult {
  /** In arbitrary order. Label sets are unique. */
  readonly samples: readonly RuleSample[];
  /** Groups whose series are missing or incomplete in the result. */
  readonly missing: readonly MissingGroup[];
  /** Those that did not answer the query. The others are missing in results of the group that the query read. */
  readonly unanswered: readonly MissingGroup[];
  /** True when a sample with other labels than a missing group does not depend on it. */
  readonly isDisjoint: boolean;
}
