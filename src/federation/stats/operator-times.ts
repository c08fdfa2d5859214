// The measurements of the operators that promfed evaluates.

import type { Value } from '../../model/index.js';
import { countValue, type EvalObserver } from '../../promql/eval/index.js';
import { operands, type OperatorStats, type PlanNode } from '../../promql/plan/index.js';

/** Records every operator of one query. Counting the samples of operators costs time: it is done for explain only. */
export class OperatorTimes implements EvalObserver {
  readonly #now: () => number;
  readonly #startMs = new Map<PlanNode, number>();
  readonly #stats = new Map<object, OperatorStats>();

  /** @param now milliseconds since the start of the query. */
  constructor(now: () => number) {
    this.#now = now;
  }

  began(node: PlanNode): void {
    if (!this.#startMs.has(node)) this.#startMs.set(node, this.#now());
  }

  ended(node: PlanNode, value: Value): void {
    const endMs = this.#now();
    const inputs = operands(node).map((operand) => this.#stats.get(operand));
    const readyMs = inputs.reduce(
      (latest, input) => Math.max(latest, input?.endMs ?? 0),
      this.#startMs.get(node) ?? endMs,
    );
    const sum = (name: 'series' | 'samples'): number =>
      inputs.reduce((total, input) => total + (input?.[name] ?? 0), 0);
    this.#stats.set(node, {
      timeMs: endMs - readyMs,
      endMs,
      seriesIn: sum('series'),
      samplesIn: sum('samples'),
      ...countValue(value),
    });
  }

  /** Returns undefined for an operator that did not end, or that is evaluated as part of the one above it. */
  get(node: object): OperatorStats | undefined {
    return this.#stats.get(node);
  }
}
