// The state of one evaluation, and the operands that its operators exchange.

import {
  ColumnSlabs,
  histogramWeight,
  PromfedError,
  type Column,
  type Grid,
  type Histogram,
  type Labels,
  type MatrixValue,
  type ScalarValue,
  type StringValue,
  type VectorValue,
} from '../../model/index.js';
import { type SampleBudget, type SampleCounter, Pacer } from '../../runtime/index.js';
import { TextPositions } from '../language/index.js';
import type { PlanNode } from '../plan/index.js';
import { NO_OBSERVER, type EvalContext, type EvalObserver } from './eval-context.js';

/** Reservations of a value, which its consumer releases. */
interface Held {
  readonly held: number;
  /** Bytes of labels that were created for a vector. Default: 0. */
  readonly labelBytes?: number;
}

/**
 * A value within an evaluation. `held` is the number of its samples reserved from the budget; the consumer releases
 * them. The consumer owns a vector with `held` above 0 and may change its columns in place. A vector with `held` 0 is
 * shared and must not be changed.
 */
export type Operand = (ScalarValue | VectorValue | StringValue | MatrixValue) & Held;
export type ScalarOperand = ScalarValue & { readonly held: number };
export type VectorOperand = VectorValue & Held;

/** A column that can hold histograms. */
export type HistogramColumn = Column & { readonly histograms: (Histogram | undefined)[] };

/** The position of an annotation. */
type Positioned = Pick<PlanNode, 'position'>;

/** Evaluates a node. Rejects on errors and never throws. */
export type EvaluateNode = (evaluator: Evaluator, node: PlanNode) => Promise<Operand>;

/** Maximum number of nested nodes evaluated on one stack. Deeper nodes continue on a new one. */
const MAX_STACK_LEVELS = 200;

/**
 * Maximum number of columns that share one allocation. Tracking an allocation costs the garbage collector as much as
 * writing a column, but the whole allocation is kept as long as any of its columns is in use.
 */
const MAX_SHARED_COLUMNS = 16;

/** Number of samples that are computed between two checks of the pacer: 10 ms at 0.2 µs each. */
const SAMPLES_PER_CHECK = 50_000;

/** The state that all evaluators of one evaluation share. */
interface Shared {
  readonly context: EvalContext;
  readonly evaluateNode: EvaluateNode;
  readonly pacer: Pacer;
  /** Number of nested nodes that are evaluated on the current stack. */
  levels: number;
  /** Created for the first annotation. */
  positions?: TextPositions;
}

const NO_SELECTORS: ReadonlySet<PlanNode> = new Set();

/**
 * The state of an evaluation on one grid. A subquery has an evaluator of its own.
 *
 * Source: Prometheus, promql/engine.go (`evaluator`).
 */
export class Evaluator {
  readonly context: EvalContext;
  readonly observer: EvalObserver;
  readonly grid: Grid;
  readonly pacer: Pacer;
  /** Selectors that decode histograms without buckets. Empty within a subquery. */
  readonly statsSelectors: ReadonlySet<PlanNode>;
  /** True for a grid of one step, except for a one-step segment of a longer range query. */
  readonly isInstant: boolean;
  /** The budget for samples of columns on this grid. Raw samples are reserved from `rawBudget`. */
  readonly budget: SampleCounter;
  readonly #shared: Shared;
  readonly #slabs: ColumnSlabs;

  private constructor(
    shared: Shared,
    grid: Grid,
    statsSelectors: ReadonlySet<PlanNode>,
    isInstant = grid.count === 1,
  ) {
    const { context, pacer } = shared;
    this.#shared = shared;
    this.context = context;
    this.observer = context.observer ?? NO_OBSERVER;
    this.grid = grid;
    this.pacer = pacer;
    this.statsSelectors = statsSelectors;
    this.isInstant = isInstant;
    this.budget = context.budget.onGrid(grid.count);
    this.#slabs = new ColumnSlabs(grid.count, MAX_SHARED_COLUMNS);
  }

  /** Creates the evaluator for the grid of the context. */
  static create(
    context: EvalContext,
    evaluateNode: EvaluateNode,
    statsSelectors: ReadonlySet<PlanNode>,
  ): Evaluator {
    const pacer = new Pacer(context.signal);
    return new Evaluator({ context, evaluateNode, pacer, levels: 0 }, context.grid, statsSelectors);
  }

  /**
   * Evaluates a node on this grid. The fetches below the node are started without waiting for one another. An operator that
   * evaluates all its operands before it awaits one therefore has them fetched concurrently.
   */
  evaluate(node: PlanNode): Promise<Operand> {
    const shared = this.#shared;
    if (shared.levels >= MAX_STACK_LEVELS) return this.#evaluateOnNewStack(node);
    this.observer.began(node);
    shared.levels++;
    const operand = shared.evaluateNode(this, node);
    shared.levels--;
    return operand;
  }

  /** The nodes of a large query take time before anything is computed. */
  async #evaluateOnNewStack(node: PlanNode): Promise<Operand> {
    if (this.pacer.due) await this.pacer.pause();
    else await Promise.resolve();
    return this.evaluate(node);
  }

  /** Evaluates a node whose result is a vector. */
  async evaluateVector(node: PlanNode): Promise<VectorOperand> {
    const operand = await this.evaluate(node);
    if (operand.type !== 'vector') throw unexpectedType('vector', operand.type);
    return operand;
  }

  /** Evaluates a node whose result is a scalar. */
  async evaluateScalar(node: PlanNode): Promise<ScalarOperand> {
    const operand = await this.evaluate(node);
    if (operand.type !== 'scalar') throw unexpectedType('scalar', operand.type);
    return operand;
  }

  /** Creates the evaluator for the expression of a subquery. */
  forSubquery(grid: Grid): Evaluator {
    return new Evaluator(this.#shared, grid, NO_SELECTORS);
  }

  /** Creates the evaluator for a time segment of the grid. */
  forSegment(grid: Grid): Evaluator {
    return new Evaluator(this.#shared, grid, this.statsSelectors, this.isInstant);
  }

  /** The budget for raw samples, histograms and scratch arrays. */
  get rawBudget(): SampleBudget {
    return this.context.budget;
  }

  /** True when metric names are removed at the end of the evaluation and not by each operation. */
  get delaysNameRemoval(): boolean {
    return this.context.delayedNameRemoval === true;
  }

  /** Creates an empty column of this grid, reserved from the budget. */
  newColumn(labels: Labels, dropsName?: boolean): Column {
    this.budget.reserve(this.grid.count);
    const { values, present } = this.#slabs.create(labels);
    return { labels, dropsName, values, present };
  }

  /**
   * Creates an empty column of this grid for histograms, which `putHistogram` reserves from the budget. They are
   * released at the end of the query only, because columns share them.
   */
  newHistogramColumn(labels: Labels, dropsName?: boolean): HistogramColumn {
    const histograms = new Array<Histogram | undefined>(this.grid.count);
    return { ...this.newColumn(labels, dropsName), histograms };
  }

  /** Writes a histogram to a column and reserves it from the budget. */
  putHistogram({ present, histograms }: HistogramColumn, step: number, histogram: Histogram): void {
    this.rawBudget.reserve(histogramWeight(histogram));
    present[step] = 2;
    histograms[step] = histogram;
  }

  /**
   * Runs a loop over all steps, from one step inclusive to another exclusive. When it computes many samples it pauses in
   * between and returns a promise; otherwise the loop has run when this method returns.
   *
   * @param samplesPerStep highest number of samples that one step computes.
   */
  forSteps(run: (fromStep: number, toStep: number) => void, samplesPerStep = 1): Promise<void> | undefined {
    const { count } = this.grid;
    const stepsPerCheck = Math.max(1, Math.floor(SAMPLES_PER_CHECK / samplesPerStep));
    if (count > stepsPerCheck) return this.#forManySteps(run, stepsPerCheck);
    run(0, count);
    return undefined;
  }

  async #forManySteps(run: (fromStep: number, toStep: number) => void, stepsPerCheck: number): Promise<void> {
    const { count } = this.grid;
    for (let step = 0; step < count; step += stepsPerCheck) {
      if (this.pacer.due) await this.pacer.pause();
      run(step, Math.min(count, step + stepsPerCheck));
    }
  }

  /** Creates a scalar on this grid, reserved from the budget. Returns a promise on a grid of many steps. */
  newScalar(compute: (step: number) => number): ScalarOperand | Promise<ScalarOperand> {
    const { count } = this.grid;
    this.budget.reserve(count);
    const values = new Float64Array(count);
    const scalar: ScalarOperand = { type: 'scalar', values, held: count };
    const running = this.forSteps((fromStep, toStep) => {
      for (let step = fromStep; step < toStep; step++) values[step] = compute(step);
    });
    return running === undefined ? scalar : running.then(() => scalar);
  }

  /** Creates a vector of columns that were created with `newColumn`, or belonged to a vector that this one replaces. */
  vector(columns: readonly Column[], ordered = false): VectorOperand {
    return { type: 'vector', columns, ordered, held: columns.length * this.grid.count };
  }

  /** Creates the vector that replaces an operand: with its order, and with the labels that were created for it. */
  inPlaceOf({ ordered, labelBytes }: VectorOperand, columns: readonly Column[]): VectorOperand {
    const vector = this.vector(columns, ordered);
    return labelBytes === undefined ? vector : { ...vector, labelBytes };
  }

  /** Returns a vector whose columns may be changed: the operand if it is owned, otherwise a copy. */
  async toOwned(operand: VectorOperand): Promise<VectorOperand> {
    if (operand.held > 0) return operand;
    this.budget.reserve(operand.columns.length * this.grid.count);
    const columns: Column[] = [];
    for (const column of operand.columns) {
      if (this.pacer.due) await this.pacer.pause();
      columns.push({
        ...column,
        values: column.values.slice(),
        present: column.present.slice(),
        ...(column.histograms === undefined ? {} : { histograms: column.histograms.slice() }),
      });
    }
    return this.inPlaceOf(operand, columns);
  }

  /** Returns the samples of operands to the budget. */
  release(...operands: readonly (Operand | undefined)[]): void {
    for (const operand of operands) {
      if (operand === undefined) continue;
      this.budget.release(operand.held);
      if (operand.labelBytes !== undefined) this.rawBudget.releaseLabels(operand.labelBytes);
    }
  }

  /** Adds a warning with the prefix and the position that Prometheus adds. */
  warn(text: string, at: Positioned): void {
    this.context.annotations.warn(`PromQL warning: ${text}${this.#position(at)}`);
  }

  /** Adds an info with the prefix and the position that Prometheus adds. */
  info(text: string, at: Positioned): void {
    this.context.annotations.info(`PromQL info: ${text}${this.#position(at)}`);
  }

  /** Returns ` (LINE:COLUMN)` in bytes. Source: Prometheus, promql/parser/posrange. */
  #position({ position }: Positioned): string {
    const { queryText } = this.context;
    if (queryText === undefined) return '';
    this.#shared.positions ??= new TextPositions(queryText);
    return ` (${this.#shared.positions.print(position.start)})`;
  }
}

/** Creates the error for a construct that promfed does not evaluate. */
export function unsupported(construct: string): PromfedError {
  return new PromfedError('unsupported', `${construct} is not supported by promfed`);
}

/** Creates the error for an operand that the type check should have rejected. */
function unexpectedType(expected: string, actual: string): PromfedError {
  return new PromfedError('internal', `unexpected type of an operand: expected ${expected}, got ${actual}`);
}
