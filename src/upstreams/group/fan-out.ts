// Sends one request to the targets of a server group that the group's policy chooses.

import type { AntiAffinity } from '../../merge/index.js';
import { asPromfedError, PromfedError, type Labels } from '../../model/index.js';
import type { Clock } from '../../runtime/index.js';
import { RequestScope } from '../http/request-scope.js';
import type { Target } from '../http/target.js';
import { outcomeOf } from '../metrics.js';
import type { UpstreamLimits } from '../options.js';
import type { FetchContext } from '../server-group.js';
import { isFatal } from '../region-error.js';
import { GroupFailures } from './group-failures.js';
import type { TargetAttempts, TargetPolicy } from './target-policy.js';

/** The targets of a server group that have equal labels and therefore are replicas, with the limits of their requests. */
export interface TargetGroup {
  /** The name in errors and warnings (`GroupSnapshot.name`). */
  readonly name: string;
  /** The labels of the server group and of the targets. */
  readonly labels: Labels;
  /** Earlier targets take precedence when samples are merged. */
  readonly targets: readonly Target[];
  readonly policy: TargetPolicy;
  /** promxy's merge of the targets' samples. Undefined: the first target leads, and the others fill its gaps. */
  readonly antiAffinity: AntiAffinity | undefined;
  readonly clock: Clock;
  readonly limits: UpstreamLimits;
  readonly allowsLossyHistograms: boolean;
  readonly redact: (text: string) => string;
}

/** The answer of one target. */
export interface TargetAnswer<T> {
  readonly target: Target;
  readonly value: T;
}

/**
 * Sends one request to a group. Resolves when the policy is satisfied; attempts that are still running are aborted.
 *
 * @param send queries one target; a rejection is a failure of that target.
 * @param discard releases an answer that is not used, because the request failed or no longer needs it.
 * @returns the answers in the order of the targets, at least one, and the failures of the others.
 * @throws PromfedError the error of `GroupFailures` when no target answered; `upstream` when the group has no targets;
 *   otherwise the first fatal error (`isFatal`), immediately.
 */
export async function fanOut<T>(
  group: TargetGroup,
  context: FetchContext,
  send: (target: Target, scope: RequestScope) => Promise<T>,
  discard: (value: T) => void,
): Promise<{ readonly answers: readonly TargetAnswer<T>[]; readonly failures: GroupFailures }> {
  if (group.targets.length === 0) {
    throw new PromfedError('upstream', `server group "${group.name}": no targets`);
  }
  const request = new FanOut(group, context, send, discard);
  await group.policy.run(request);
  return request.finish();
}

/** One request to a group, while its attempts run. */
class FanOut<T> implements TargetAttempts {
  readonly #group: TargetGroup;
  readonly #context: FetchContext;
  readonly #send: (target: Target, scope: RequestScope) => Promise<T>;
  readonly #discard: (value: T) => void;
  readonly #failures: GroupFailures;
  // The following arrays are indexed by the position of the target and may have holes.
  readonly #scopes: RequestScope[] = [];
  readonly #answers: TargetAnswer<T>[] = [];
  readonly #errors: PromfedError[] = [];
  #fatal: PromfedError | undefined;
  #isFinished = false;

  constructor(
    group: TargetGroup,
    context: FetchContext,
    send: (target: Target, scope: RequestScope) => Promise<T>,
    discard: (value: T) => void,
  ) {
    this.#group = group;
    this.#context = context;
    this.#send = send;
    this.#discard = discard;
    this.#failures = new GroupFailures(group.name, group.redact);
  }

  get targetCount(): number {
    return this.#group.targets.length;
  }

  async attempt(position: number): Promise<boolean> {
    const { name, clock, targets } = this.#group;
    const target = targets[position]!;
    const scope = RequestScope.open(name, this.#context, clock);
    this.#scopes[position] = scope;
    if (this.#fatal !== undefined) scope.abort(FAILED_ELSEWHERE);
    try {
      const value = await this.#send(target, scope);
      if (this.#isFinished) this.#discard(value);
      else this.#answers[position] = { target, value };
      return true;
    } catch (thrown) {
      const error = asPromfedError(thrown);
      scope.end(outcomeOf(error), 0);
      if (!this.#isFinished) this.#recordFailure(position, error);
      return false;
    }
  }

  /** Aborts the attempts that are running and returns the results of the others. Called once. */
  finish(): { answers: TargetAnswer<T>[]; failures: GroupFailures } {
    this.#isFinished = true;
    const answers: TargetAnswer<T>[] = [];
    for (const [position, target] of this.#group.targets.entries()) {
      const answer = this.#answers[position];
      const error = this.#errors[position];
      if (answer !== undefined) answers.push(answer);
      else if (error !== undefined) this.#failures.add(target.name, error);
      else this.#scopes[position]?.abort(NOT_NEEDED);
    }
    if (this.#fatal === undefined && answers.length > 0) return { answers, failures: this.#failures };
    for (const { value } of answers) this.#discard(value);
    throw this.#fatal ?? this.#failures.error();
  }

  #recordFailure(position: number, error: PromfedError): void {
    this.#errors[position] = error;
    if (!isFatal(error) || this.#fatal !== undefined) return;
    this.#fatal = this.#failures.fatal(this.#group.targets[position]!.name, error);
    for (const scope of this.#scopes) scope.abort(FAILED_ELSEWHERE);
  }
}

// Shared by all requests and never reported, because creating a stack trace is expensive.
const FAILED_ELSEWHERE = new PromfedError('canceled', 'query failed at another target');
const NOT_NEEDED = new PromfedError('canceled', 'enough other targets have answered');
