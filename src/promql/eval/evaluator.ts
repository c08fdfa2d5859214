// What every operator of one evaluation shares: the grid it computes on, its budget, its annotations.

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
import { printPosition } from '../language/index.js';
import type { PlanNode } from '../plan/index.js';
import { observe } from './observe.js';
import type { EvalContext } from './eval-context.js';

/**
 * A value inside an evaluation. `held` is how many samples of it were taken from the budget: the consumer gives
 * them back when it is done. A vector with `held` above 0 belongs to its consumer, which may change its columns in
 * place; with 0 it is shared and must not be changed.
 */
export type Operand = (ScalarValue | VectorValue | StringValue | MatrixValue) & { readonly held: number };
export type ScalarOperand = ScalarValue & { readonly held: number };
export type VectorOperand = VectorValue & { readonly held: number };

/** A column that has room for histograms. */
export type HistogramColumn = Column & { readonly histograms: (Histogram | undefined)[] };

/** Where the expression that an annotation is about stands. */
type Placed = Pick<PlanNode, 'position'>;

/** Evaluates a node in a evaluator. Rejects, and never throws. */
export type EvaluateNode = (evaluator: Evaluator, node: PlanNode) => Promise<Operand>;

/** So many nodes may be entered on one stack; beyond, the evaluation goes on from a fresh one. */
const MAX_STACKED = 200;

/**
 * So many columns share their memory at most: each piece is the garbage collector's to watch, which costs as much as
 * to write a column; but all of it is kept while any column is, such as the one that a comparison leaves.
 */
const MAX_SHARED_COLUMNS = 16;

/** One evaluation on one grid. A subquery evaluates its inside in a evaluator of its own. */
export class Evaluator {
  readonly context: EvalContext;
  readonly grid: Grid;
  readonly pacer: Pacer;
  /** The selectors whose histograms are read without their buckets; none within a subquery. */
  readonly statsSelectors: ReadonlySet<PlanNode>;
  readonly isInstant: boolean;
  /** For samples of columns on this grid; raw samples are taken from `rawBudget`. */
  readonly budget: SampleCounter;
  readonly #slabs: ColumnSlabs;
  readonly #evaluateNode: EvaluateNode;
  /** Shared with the scopes inside, which stand on the same stack. */
  readonly #stack: { levels: number };

  constructor(
    context: EvalContext,
    grid: Grid,
    evaluateNode: EvaluateNode,
    outer?: Evaluator,
    statsSelectors: ReadonlySet<PlanNode> = new Set(),
    isInstant = grid.count === 1,
  ) {
    this.statsSelectors = statsSelectors;
    this.isInstant = isInstant;
    this.context = context;
    this.grid = grid;
    this.budget = context.budget.onGrid(grid.count);
    this.#slabs = new ColumnSlabs(grid.count, MAX_SHARED_COLUMNS);
    this.pacer = outer?.pacer ?? new Pacer(context.signal);
    this.#stack = outer ? outer.#stack : { levels: 0 };
    this.#evaluateNode = evaluateNode;
  }

  /**
   * Evaluates a node on this grid. Everything below it that has to be fetched is asked for before this returns, so
   * that an operator which evaluates all its operands before it awaits one has them fetched at once.
   */
  evaluate(node: PlanNode): Promise<Operand> {
    // A plan may be deeper than the stack.
    if (this.#stack.levels >= MAX_STACKED) return Promise.resolve().then(() => this.evaluate(node));
    const { observer } = this.context;
    observer?.began(node);
    this.#stack.levels++;
    const operand = this.#evaluateNode(this, node);
    this.#stack.levels--;
    return observer === undefined ? operand : observe(observer, node, operand);
  }

  async evaluateVector(node: PlanNode): Promise<VectorOperand> {
    const operand = await this.evaluate(node);
    if (operand.type !== 'vector') throw unexpected('an operator on vectors', operand.type);
    return operand;
  }

  async evaluateScalar(node: PlanNode): Promise<ScalarOperand> {
    const operand = await this.evaluate(node);
    if (operand.type !== 'scalar') throw unexpected('an operator on scalars', operand.type);
    return operand;
  }

  /** The evaluator of a subquery's inside. */
  forSubquery(grid: Grid): Evaluator {
    return new Evaluator(this.context, grid, this.#evaluateNode, this);
  }

  /** The evaluator of some of the steps, of which one alone is no instant. */
  forSegment(grid: Grid): Evaluator {
    return new Evaluator(this.context, grid, this.#evaluateNode, this, this.statsSelectors, this.isInstant);
  }

  /** For raw samples, and for what is held of columns as single numbers. */
  get rawBudget(): SampleBudget {
    return this.context.budget;
  }

  /** Whether names are dropped when the evaluation ends, and not by each operation. */
  get delaysNameRemoval(): boolean {
    return this.context.delayedNameRemoval === true;
  }

  /** An empty column of this grid, taken from the budget. */
  newColumn(labels: Labels, dropsName?: boolean): Column {
    this.budget.reserve(this.grid.count);
    const { values, present } = this.#slabs.create(labels);
    return { labels, dropsName, values, present };
  }

  /**
   * An empty column of this grid for histograms; `put` counts each towards the budget. What they take is given back
   * with the query only: later operators share them.
   */
  newHistogramColumn(labels: Labels, dropsName?: boolean): HistogramColumn {
    const histograms = new Array<Histogram | undefined>(this.grid.count);
    return { ...this.newColumn(labels, dropsName), histograms };
  }

  /** Writes a histogram into a column. */
  putHistogram({ present, histograms }: HistogramColumn, step: number, histogram: Histogram): void {
    this.rawBudget.reserve(histogramWeight(histogram));
    present[step] = 2;
    histograms[step] = histogram;
  }

  /** A scalar on this grid, taken from the budget. */
  newScalar(compute: (step: number) => number): ScalarOperand {
    const { count } = this.grid;
    this.budget.reserve(count);
    const values = new Float64Array(count);
    for (let step = 0; step < count; step++) values[step] = compute(step);
    return { type: 'scalar', values, held: count };
  }

  /** A vector of columns that were made with `newColumn`, or taken from a vector that this one replaces. */
  vector(columns: readonly Column[], ordered = false): VectorOperand {
    return { type: 'vector', columns, ordered, held: columns.length * this.grid.count };
  }

  /** A vector whose columns this operator may change: the operand's own, or copies. */
  toOwned(operand: VectorOperand): VectorOperand {
    if (operand.held > 0) return operand;
    this.budget.reserve(operand.columns.length * this.grid.count);
    const columns = operand.columns.map((column) => ({
      ...column,
      values: column.values.slice(),
      present: column.present.slice(),
      ...(column.histograms === undefined ? {} : { histograms: column.histograms.slice() }),
    }));
    return this.vector(columns, operand.ordered);
  }

  release(...operands: readonly (Operand | undefined)[]): void {
    for (const operand of operands) if (operand !== undefined) this.budget.release(operand.held);
  }

  warn(text: string, at: Placed): void {
    this.context.annotations.warn(`PromQL warning: ${text}${this.#place(at)}`);
  }

  info(text: string, at: Placed): void {
    this.context.annotations.info(`PromQL info: ${text}${this.#place(at)}`);
  }

  /** ` (line:col)` in bytes, as Prometheus prints positions (promql/parser/posrange). */
  #place({ position }: Placed): string {
    const { queryText } = this.context;
    if (queryText === undefined) return '';
    return ` (${printPosition(queryText, position.start)})`;
  }
}

/** The error for a construct that is not evaluated yet. */
export function unsupported(construct: string): PromfedError {
  return new PromfedError('unsupported', `${construct} is not evaluated by promfed yet`);
}

/** The error for an operand that the type check must have refused. */
function unexpected(construct: string, type: string): PromfedError {
  return new PromfedError('internal', `${construct} was given a ${type}`);
}
