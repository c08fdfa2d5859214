// The choice of the worker that evaluates the rules.

import { asPromfedError, PromfedError } from '../model/index.js';
import type { AlertmanagersView, RuleGroupView } from '../rules/index.js';
import type { Log } from '../runtime/index.js';
import type { Member } from './pool.js';

/** Maximum wait for the rules of the worker. */
const RULES_LIMIT_MS = 8_000;

/** Wait before a worker that failed to start the evaluation tries again. */
const RETRY_MS = 10_000;

/** Keeps one worker evaluating the rules: the first one that is ready, and another one when that exits. */
export class RuleEvaluator {
  readonly #log: Log;
  #member: Member | undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Chooses the worker if none is chosen. */
  memberReady(member: Member): void {
    if (this.#member !== undefined) return;
    this.#member = member;
    void this.#start(member);
  }

  /** Starts the evaluation, again after a failure. A worker that has exited is replaced by `memberExited`. */
  async #start(member: Member): Promise<void> {
    try {
      await member.peer.call('evaluateRules', undefined);
    } catch (thrown) {
      if (this.#member !== member) return;
      const fields = { pid: member.worker.process.pid, err: asPromfedError(thrown).message };
      this.#log.error(fields, 'rules are not evaluated; retrying');
      setTimeout(() => {
        if (this.#member === member) void this.#start(member);
      }, RETRY_MS).unref();
    }
  }

  /** Chooses another worker when the chosen one has exited. @param others the workers that still run. */
  memberExited(member: Member, others: readonly Member[]): void {
    if (this.#member !== member) return;
    this.#member = undefined;
    const next = others.find(({ isReady }) => isReady);
    if (next !== undefined) this.memberReady(next);
  }

  /** @throws PromfedError `unavailable` when no worker evaluates rules or it does not answer in time. */
  groups(): Promise<readonly RuleGroupView[]> {
    return this.#chosen().peer.call('ruleGroups', undefined, RULES_LIMIT_MS);
  }

  /** Throws as `groups` does. */
  alertmanagers(): Promise<AlertmanagersView> {
    return this.#chosen().peer.call('alertmanagers', undefined, RULES_LIMIT_MS);
  }

  #chosen(): Member {
    if (this.#member === undefined) {
      throw new PromfedError('unavailable', 'rules are not evaluated: no worker is ready');
    }
    return this.#member;
  }
}
