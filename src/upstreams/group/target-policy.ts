// Which targets of a server group are queried for one request, when, and how many answers suffice.

/** The attempts at one request, as a policy makes them. */
export interface TargetAttempts {
  /** The number of targets, 1 or more. They are known by their positions, in the order of the configuration. */
  readonly targetCount: number;
  /**
   * Queries one target, at most once each. Resolves when it has answered or failed: true when it has answered.
   * Never rejects. Attempts may run at the same time; each can be canceled without the others.
   */
  attempt(position: number): Promise<boolean>;
}

/**
 * A policy is satisfied when its promise resolves. Attempts that are running then are canceled; the answers of the
 * others are merged, and failures of targets beside at least one answer become warnings.
 *
 * Some errors concern the query and not the target, and would be the same everywhere: they end the request whatever
 * the policy. All later attempts fail at once then.
 */
export interface TargetPolicy {
  run(attempts: TargetAttempts): Promise<unknown>;
}

/**
 * Queries every target at once and waits for all of them: a target that is slow to fail delays the others' answers up
 * to its timeout, because only then is it known that nothing of it is missing.
 */
export const ALL_TARGETS: TargetPolicy = {
  run: (attempts) =>
    Promise.all(Array.from({ length: attempts.targetCount }, (_, position) => attempts.attempt(position))),
};
