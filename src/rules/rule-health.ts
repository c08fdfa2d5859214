// The health of a rule: its last evaluation.

/** `unknown` before the first evaluation. */
export type RuleHealth = 'unknown' | 'ok' | 'err';

/** The last evaluation of a rule. Mutable; owned by the rule. */
export interface RuleEvaluation {
  health: RuleHealth;
  /** Undefined unless `health` is `err`. */
  lastError: string | undefined;
  /** Names of the server groups that were missing from the last result. */
  missingGroups: readonly string[];
  /** Start of the last evaluation, milliseconds since the epoch; undefined before the first one. */
  startedAtMs: number | undefined;
  durationMs: number;
}

export function createEvaluation(): RuleEvaluation {
  return {
    health: 'unknown',
    lastError: undefined,
    missingGroups: [],
    startedAtMs: undefined,
    durationMs: 0,
  };
}
