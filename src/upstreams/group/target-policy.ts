// Policies for replicas: which targets a request is sent to, when, and how many answers suffice.

/** One request to a group, as a policy sends it to targets. */
export interface TargetAttempts {
  /** The number of targets, at least 1. Targets are identified by position, in the order of their source. */
  readonly targetCount: number;
  /**
   * Queries one target. Resolves to true when it has answered, to false when it has failed. Never rejects. Called at
   * most once for each position; attempts may run concurrently.
   */
  attempt(position: number): Promise<boolean>;
}

/**
 * Chooses the targets of each request.
 *
 * After a fatal error, which other targets would return as well (`isFatal`), the request fails regardless of the policy:
 * running and later attempts are aborted.
 */
export interface TargetPolicy {
  /**
   * Makes attempts until enough targets have answered. Then attempts that are still running are aborted, and the answers
   * of the others are merged. Failed targets become warnings if any target has answered.
   */
  run(attempts: TargetAttempts): Promise<unknown>;
}

/**
 * Queries all targets concurrently and waits for all of them, because any of them may have samples that the others lack.
 * A target that does not answer delays the request until the group's timeout.
 */
export const ALL_TARGETS: TargetPolicy = {
  run: (attempts) =>
    Promise.all(Array.from({ length: attempts.targetCount }, (_, position) => attempts.attempt(position))),
};
