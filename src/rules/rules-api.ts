// The port through which routes read the state of rules.

import type { RuleGroupView } from './rules-view.js';

/** Alertmanagers by URL. */
export interface AlertmanagersView {
  readonly active: readonly string[];
  /** Removed by relabelling. */
  readonly dropped: readonly string[];
}

/** Rules that are evaluated in this process or in another one. Methods reject when that process does not answer. */
export interface RulesApi {
  /** All groups, sorted by file and name. */
  groups(): Promise<readonly RuleGroupView[]>;
  alertmanagers(): Promise<AlertmanagersView>;
}

/** A process without rules. */
export const NO_RULES: RulesApi = {
  groups: () => Promise.resolve([]),
  alertmanagers: () => Promise.resolve({ active: [], dropped: [] }),
};
