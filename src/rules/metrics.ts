// The observer of rule evaluations. telemetry implements it.

/** Methods do not throw. `key` identifies a group: `FILE;NAME`. */
export interface RuleMetrics {
  /** Called when a group is added or replaced. */
  groupAdded(key: string, ruleCount: number, intervalMs: number): void;
  groupRemoved(key: string): void;
  /** Called after the evaluation of one rule. */
  ruleEvaluated(key: string, durationMs: number, failed: boolean): void;
  /** Called after the evaluation of a group. @param missed number of slots that were skipped before it. */
  groupEvaluated(key: string, evaluation: GroupEvaluation): void;
  groupRestored(key: string, durationMs: number): void;
}

export interface GroupEvaluation {
  /** Start of the evaluation, milliseconds since the epoch. */
  readonly startedAtMs: number;
  readonly durationMs: number;
  /** Sum of the durations of the rules. */
  readonly ruleDurationMs: number;
  /** Number of samples that the rules wrote. */
  readonly samples: number;
  /** Number of slots that were skipped before this one. */
  readonly missed: number;
  /** Number of recorded series that are kept for the rules of the group. */
  readonly keptSeries: number;
  /** True when a server group was missing from a result. */
  readonly isPartial: boolean;
}

export const NO_RULE_METRICS: RuleMetrics = {
  groupAdded: () => undefined,
  groupRemoved: () => undefined,
  ruleEvaluated: () => undefined,
  groupEvaluated: () => undefined,
  groupRestored: () => undefined,
};
