// What the parts of a server group share, and how a request goes to all of its targets.

import { asPromfedError, PromfedError } from '../../model/index.js';
import type { Clock } from '../../runtime/index.js';
import { RequestScope } from '../http/request-scope.js';
import type { Target } from '../http/target.js';
import type { UpstreamLimits } from '../options.js';
import type { FetchContext } from '../server-group.js';
import { GroupFailures, isFatal } from './group-failures.js';

export interface Group {
  readonly name: string;
  /** Replicas, the first the one whose samples win. */
  readonly targets: readonly Target[];
  readonly antiAffinityMs: number;
  readonly clock: Clock;
  readonly limits: UpstreamLimits;
  readonly allowsLossyHistograms: boolean;
  readonly redact: (text: string) => string;
}

/** What one target answered. */
export interface TargetAnswer<T> {
  readonly target: Target;
  readonly value: T;
}

/**
 * Asks every target at once and waits for all of them: a target that is slow to fail holds the others' answers up until
 * its timeout, because only then is known that nothing of it is missing.
 *
 * @param ask asks one target; what it rejects with becomes a failure of that target.
 * @param discard lets go of an answer that came although the request had already failed.
 * @returns the answers in the targets' order, at least one, and the failures of the others.
 * @throws PromfedError `upstream` when no target answered; at once, without waiting for the others, when one fails
 * in a way that another target would not mend.
 */
export async function fanOut<T>(
  group: Group,
  context: FetchContext,
  ask: (target: Target, scope: RequestScope) => Promise<T>,
  discard: (value: T) => void,
): Promise<{ answers: TargetAnswer<T>[]; failures: GroupFailures }> {
  const failures = new GroupFailures(group.name, group.redact);
  const scopes = group.targets.map(() => new RequestScope(group.name, context, group.clock));
  let fatal: PromfedError | undefined;

  const settled = await Promise.all(
    group.targets.map(
      async (target, i): Promise<TargetAnswer<T> | { target: Target; error: PromfedError }> => {
        try {
          return { target, value: await ask(target, scopes[i]!) };
        } catch (thrown) {
          scopes[i]!.end();
          const error = asPromfedError(thrown);
          if (isFatal(error) && fatal === undefined) {
            fatal = failures.fatal(target.name, error);
            const canceled = new PromfedError('canceled', 'query failed at another replica');
            for (const scope of scopes) scope.abort(canceled);
          }
          return { target, error };
        }
      },
    ),
  );

  const answers: TargetAnswer<T>[] = [];
  for (const result of settled) {
    if ('error' in result) failures.add(result.target.name, result.error);
    else answers.push(result);
  }
  if (fatal !== undefined || answers.length === 0) {
    for (const { value } of answers) discard(value);
    throw fatal ?? failures.error();
  }
  return { answers, failures };
}
