// Partial results: which changes of alerts wait until the missing server groups answer.

import { PromfedError, type Labels, type MissingGroup } from '../../model/index.js';
import type { PartialResponseStrategy } from '../../config/index.js';
import type { Expr } from '../../promql/language/index.js';
import type { RuleResult } from '../query/rule-result.js';
import type { ActiveAlert } from './active-alert.js';
import { dependsOnAbsence } from './depends-on-absence.js';

/** Which changes a result may make. */
export interface Judgement {
  /** True when values may depend on a missing group: a recording rule writes nothing. */
  readonly isUncertain: boolean;
  /** True when a series that was not returned may be one of a missing group. */
  mayMiss(labels: Labels): boolean;
  /** True when a new alert must wait for a complete result. */
  defers(sourceLabels: Labels): boolean;
  /** True when an alert that was not returned keeps its state. */
  keeps(alert: ActiveAlert): boolean;
}

const ACCEPT: Judgement = {
  isUncertain: false,
  mayMiss: () => false,
  defers: () => false,
  keeps: () => false,
};

/**
 * Decides by the strategy of a rule what a partial result may change. `abort` fails the evaluation, `warn` takes the result
 * as it is, and `hold` keeps the state of alerts and series that the missing groups may have, for a limited time.
 */
export class PartialResultHold {
  readonly #response: PartialResponseStrategy;
  readonly #holdMs: number;
  /** True when a missing series can cause a new alert. */
  readonly #dependsOnAbsence: boolean;
  /** Time of the first of the latest consecutive partial results. */
  #partialSinceMs: number | undefined;

  /** @param labelsDependOnValue true when an alert with another value has other labels. */
  constructor(response: PartialResponseStrategy, holdMs: number, expr: Expr, labelsDependOnValue: boolean) {
    this.#response = response;
    this.#holdMs = holdMs;
    this.#dependsOnAbsence = labelsDependOnValue || dependsOnAbsence(expr);
  }

  adopt(previous: PartialResultHold): void {
    this.#partialSinceMs = previous.#partialSinceMs;
  }

  /** Moves the time since which results are partial. */
  shiftTimes(byMs: number): void {
    if (this.#partialSinceMs !== undefined) this.#partialSinceMs += byMs;
  }

  /** @throws PromfedError `execution` for a partial result with `abort`. */
  judge({ missing, isDisjoint }: RuleResult, timeMs: number): Judgement {
    if (missing.length === 0) {
      this.#partialSinceMs = undefined;
      return ACCEPT;
    }
    if (this.#response === 'abort') {
      const names = missing.map(({ name }) => `"${name}"`).join(', ');
      throw new PromfedError('execution', `partial result: server groups ${names} are missing`);
    }
    this.#partialSinceMs ??= timeMs;
    if (this.#response === 'warn' || timeMs - this.#partialSinceMs > this.#holdMs) return ACCEPT;
    const mayMiss = (labels: Labels): boolean =>
      !isDisjoint || missing.some((group) => mayHave(group, labels));
    return {
      isUncertain: !isDisjoint,
      mayMiss,
      defers: () => this.#dependsOnAbsence && !isDisjoint,
      keeps: ({ sourceLabels, state }) => state !== 'inactive' && mayMiss(sourceLabels),
    };
  }
}

/** Reports whether a series may come from a group: it has the group's labels, or lacks them. */
function mayHave({ labels }: MissingGroup, seriesLabels: Labels): boolean {
  return [...labels].every(([name, value]) => {
    const own = seriesLabels.get(name);
    return own === '' || own === value;
  });
}
