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
  /** True when each sample depends on the series of one group only. */
  readonly isDisjoint: boolean;
}
