// Evaluates the rules of a unit, chunk by chunk.

import type { QueryEngine } from '../../federation/index.js';
import {
  appendAll,
  maxOf,
  asPromfedError,
  rangeGrid,
  type ErrorCode,
  type Grid,
  type MissingGroup,
  type PromfedError,
} from '../../model/index.js';
import { walk } from '../../promql/language/index.js';
import type { Timers } from '../../runtime/index.js';
import type { OutgoingSample } from '../ports.js';
import { sleep } from '../remote-write/sleep.js';
import type { RuleResults } from './results-in-memory.js';
import {
  evaluateRule,
  NO_SERIES,
  type EvaluatedRule,
  type EvaluatedSteps,
  type EvaluationOptions,
  type PresentSeries,
} from './rule-evaluation.js';
import type { RuleUnit, UnitRule } from './rule-units.js';

/** A range of time, both ends inclusive. */
export interface Chunk {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** Samples of one rule in one chunk. */
export interface RuleChunk extends Omit<EvaluatedRule, 'present'> {
  /** Position of the rule in the unit. */
  readonly position: number;
  /** False when later samples of the rule and the chunk follow. */
  readonly isLast: boolean;
}

export interface ChunkEvaluatorOptions extends EvaluationOptions {
  readonly engine: QueryEngine;
  /** Undefined when no rule of the unit reads results of another one. */
  readonly results: RuleResults | undefined;
  /** The times of the backfill. */
  readonly startMs: number;
  /** Called for each result before it is used. @throws PromfedError to stop. */
  readonly check: (position: number, missing: readonly MissingGroup[], warnings: readonly string[]) => void;
  /** Called with remarks for the user, which may repeat. */
  readonly note: (text: string) => void;
  readonly timers: Timers;
  /** Delays before an evaluation is repeated. */
  readonly retryDelaysMs: readonly number[];
}

/** The chunks of a unit are evaluated in order of time. */
export class ChunkEvaluator {
  readonly #unit: RuleUnit;
  readonly #options: ChunkEvaluatorOptions;
  /** Series at the last step of each rule, for steps that are evaluated one by one. */
  readonly #present = new Map<UnitRule, PresentSeries>();

  constructor(unit: RuleUnit, options: ChunkEvaluatorOptions) {
    this.#unit = unit;
    this.#options = options;
  }

  /**
   * Evaluates rules in the order in which their samples are to be written. Rules without a step in the chunk have no
   * samples.
   *
   * @param first rules before this position are evaluated only if others read their results, and not returned.
   * @throws PromfedError when a rule cannot be evaluated.
   */
  async *evaluate(chunk: Chunk, first: number): AsyncGenerator<RuleChunk> {
    const { isStepwise, rules, readsBackMs } = this.#unit;
    if (isStepwise) {
      for (const one of await this.#evaluateSteps(chunk)) if (one.position >= first) yield one;
    } else {
      for (const [position, rule] of rules.entries()) {
        if (position < first && !rule.isRead) continue;
        for await (const one of this.#evaluateRange(position, rule, chunk)) if (position >= first) yield one;
      }
    }
    const longestMs = maxOf(rules.map(({ intervalMs }) => intervalMs));
    this.#options.results?.forgetBefore(chunk.untilMs - readsBackMs - 2 * longestMs);
  }

  /** Evaluates the rules that others read, before the first chunk to write. */
  async readBack(chunk: Chunk): Promise<void> {
    const evaluated = this.evaluate(chunk, this.#unit.rules.length);
    while ((await evaluated.next()).done !== true);
  }

  /** Evaluates the steps of a chunk, in parts when they exceed the limits of a query. */
  async *#evaluateRange(position: number, rule: UnitRule, chunk: Chunk): AsyncGenerator<RuleChunk> {
    const grid = gridOf(rule, chunk);
    if (grid === undefined) {
      yield { position, isLast: true, ...NOTHING };
      return;
    }
    const { startMs, results } = this.#options;
    this.#noteMissingLabels(rule);
    // The step before the chunk shows which series end with its first step.
    const before = grid.startMs - rule.intervalMs >= startMs ? 1 : 0;
    const pending = [
      { ...grid, startMs: grid.startMs - before * rule.intervalMs, count: grid.count + before },
    ];
    let previous = NO_SERIES;
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const part = await this.#tryEvaluateRange(position, next, previous);
      if (part === undefined) {
        appendAll(pending, halvesOf(next));
        continue;
      }
      const { present, ...evaluated } = part;
      previous = present;
      const samples = evaluated.samples.filter(({ timeMs }) => timeMs >= grid.startMs);
      if (rule.isRead) results?.append(samples);
      yield { position, isLast: pending.length === 0, ...evaluated, samples };
    }
  }

  #noteMissingLabels({ rule, reads }: UnitRule): void {
    const { results, note } = this.#options;
    if (results === undefined || reads.length === 0) return;
    walk(rule.expr, (node) => {
      const label = node.kind === 'vectorSelector' ? results.tryMissingLabel(node.matchers) : undefined;
      if (label === undefined) return;
      note(
        `rule ${JSON.stringify(rule.name)} selects results by the label ${JSON.stringify(label)}, which none of them has: ` +
          'results in memory lack the labels that external_labels and regions add',
      );
    });
  }

  /** Returns undefined when fewer steps may succeed. */
  async #tryEvaluateRange(
    position: number,
    grid: Grid,
    previous: PresentSeries,
  ): Promise<EvaluatedRule | undefined> {
    try {
      return await this.#evaluateRule(position, { grid, isRange: true, previous });
    } catch (thrown) {
      if (grid.count > 1 && isTooLarge(asPromfedError(thrown))) return undefined;
      throw thrown;
    }
  }

  /** Evaluates a rule again after a while when a region does not answer. */
  async #evaluateRule(position: number, steps: EvaluatedSteps): Promise<EvaluatedRule> {
    const { engine, check, note, timers, signal, retryDelaysMs } = this.#options;
    for (let attempt = 0; ; attempt++) {
      try {
        const result = await evaluateRule(this.#unit.rules[position]!, engine, steps, this.#options);
        check(position, result.missing, result.warnings);
        return result;
      } catch (thrown) {
        const { code, message } = asPromfedError(thrown);
        const delayMs = retryDelaysMs[attempt];
        if (delayMs === undefined || signal.aborted || !TRANSIENT.has(code)) throw thrown;
        note(`evaluating a rule again after a failure: ${message}`);
        await sleep(timers, delayMs, signal);
      }
    }
  }

  /** Evaluates all groups at each of their times, as the server does. */
  async #evaluateSteps(chunk: Chunk): Promise<readonly RuleChunk[]> {
    const { rules } = this.#unit;
    const { results } = this.#options;
    const evaluated = rules.map((): Omit<EvaluatedRule, 'present'> => NOTHING);
    for (const { timeMs, position } of stepsOf(rules, chunk)) {
      const rule = rules[position]!;
      const previous = this.#present.get(rule) ?? NO_SERIES;
      this.#noteMissingLabels(rule);
      const grid = rangeGrid(timeMs, timeMs, rule.intervalMs);
      const result = await this.#evaluateRule(position, { grid, isRange: false, previous });
      if (result.failedSteps === undefined) this.#present.set(rule, result.present);
      results?.append(result.samples);
      evaluated[position] = join({ ...evaluated[position]!, present: NO_SERIES }, result);
    }
    return evaluated.map((one, position) => ({ position, isLast: true, ...one }));
  }
}

/** Errors of regions that may not last. */
const TRANSIENT: ReadonlySet<ErrorCode> = new Set(['upstream', 'timeout', 'unavailable', 'overloaded']);

/** Reports whether fewer steps may succeed. */
function isTooLarge({ code, message }: PromfedError): boolean {
  return code === 'limit' || code === 'memory' || message.includes('too many samples');
}

const NOTHING: Omit<EvaluatedRule, 'present'> = {
  samples: [],
  series: 0,
  missing: [],
  warnings: [],
  failedSteps: undefined,
};

function join(a: EvaluatedRule, b: EvaluatedRule): EvaluatedRule {
  const failed = a.failedSteps ?? b.failedSteps;
  const samples: OutgoingSample[] = a.samples.length === 0 ? [...b.samples] : [...a.samples, ...b.samples];
  return {
    samples,
    present: b.present,
    series: Math.max(a.series, b.series),
    missing: [...a.missing, ...b.missing],
    warnings: [...a.warnings, ...b.warnings],
    failedSteps: failed && {
      reason: failed.reason,
      count: (a.failedSteps?.count ?? 0) + (b.failedSteps?.count ?? 0),
    },
  };
}

/** The later half comes first. */
function halvesOf(grid: Grid): readonly [Grid, Grid] {
  const count = grid.count >> 1;
  const rest = { ...grid, startMs: grid.startMs + count * grid.stepMs, count: grid.count - count };
  return [rest, { ...grid, count }];
}

/** The steps of a rule in a chunk; undefined when there are none. */
export function gridOf({ intervalMs, offsetMs }: UnitRule, { fromMs, untilMs }: Chunk): Grid | undefined {
  const firstMs = Math.ceil((fromMs - offsetMs) / intervalMs) * intervalMs + offsetMs;
  return firstMs > untilMs ? undefined : rangeGrid(firstMs, untilMs, intervalMs);
}

/** All steps in order of time; those at the same time in the order of the rules. */
function stepsOf(
  rules: readonly UnitRule[],
  chunk: Chunk,
): readonly { readonly timeMs: number; readonly position: number }[] {
  const steps = rules.flatMap((rule, position) => {
    const grid = gridOf(rule, chunk);
    return Array.from({ length: grid?.count ?? 0 }, (_, i) => ({
      timeMs: grid!.startMs + i * grid!.stepMs,
      position,
    }));
  });
  return steps.sort((a, b) => a.timeMs - b.timeMs || a.position - b.position);
}
