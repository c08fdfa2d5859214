import { appendAll, type Column, formatExponent, PromfedError } from '../../../model/index.js';
import type { AggregateNode } from '../../plan/index.js';
import { PARAMETER_ERRORS } from '../annotation-texts.js';
import type { Evaluator, ScalarOperand, VectorOperand } from '../evaluator.js';
import { arrange, heapOrder, sortedPositions } from '../order.js';
import { groupColumns, type Group } from './grouping.js';
import { paramRange, type ParamRange } from './param-range.js';

/** Aggregations that return up to k series of each group. */
export type RankOp = 'topk' | 'bottomk' | 'limitk';

const TWO_TO_63 = 2 ** 63;

/**
 * Evaluates topk, bottomk or limitk: the selected samples with the labels of their series. An instant result is ordered
 * within each group: topk from the greatest value, bottomk from the least, NaN last, and limitk as a heap. Groups have the
 * order of their first series.
 *
 * Source: Prometheus, promql/engine.go (`rangeEvalAgg`, `aggregationK`).
 *
 * @throws PromfedError `execution` when k is NaN or exceeds a 64-bit integer at any step.
 */
export async function evalRank(
  evaluator: Evaluator,
  node: AggregateNode,
  op: RankOp,
  input: VectorOperand,
  k: ScalarOperand,
): Promise<VectorOperand> {
  const { pacer } = evaluator;
  const vector = await arrange(evaluator, input);
  const columns: Column[] = [];
  const range = await paramRange(evaluator, k);
  if (checkK(range)) {
    const maxK = Math.min(vector.columns.length, range.max);
    const { groups, memory } = await groupColumns(evaluator, vector.columns, node.grouping, node.without);
    for (const group of groups) {
      const capacity = Math.trunc(Math.min(maxK, group.columns.length));
      const heaps = new RankHeaps(evaluator, op, group, capacity, k.values);
      for (let i = 0; i < group.columns.length; i++) {
        if (pacer.due) await pacer.pause();
        const offering = heaps.offer(i);
        if (offering !== undefined) await offering;
      }
      const selected = await heaps.takeColumns();
      appendAll(columns, evaluator.isInstant && op === 'limitk' ? heapOrder(selected) : selected);
    }
    memory.release();
  }
  // The labels of the operand are those of the result.
  evaluator.release({ ...vector, labelBytes: 0 }, k);
  return evaluator.inPlaceOf({ ...vector, ordered: evaluator.isInstant }, columns);
}

/**
 * Checks k of all steps. Returns false when no step selects any series.
 *
 * @throws PromfedError `execution` for NaN and for values outside of a 64-bit integer.
 */
function checkK({ min, max, hasNaN }: ParamRange): boolean {
  if (hasNaN) throw new PromfedError('execution', PARAMETER_ERRORS.nan);
  if (max < 1) return false;
  if (min <= -TWO_TO_63) throw new PromfedError('execution', PARAMETER_ERRORS.underflow(formatExponent(min)));
  if (max >= TWO_TO_63) throw new PromfedError('execution', PARAMETER_ERRORS.overflow(formatExponent(max)));
  return true;
}

/**
 * One heap of selected samples for each step, with the first sample to be displaced on top. Follows Go's
 * container/heap exactly, because the order of operations decides between equal values.
 */
class RankHeaps {
  readonly #evaluator: Evaluator;
  readonly #op: RankOp;
  readonly #columns: readonly Column[];
  /** Size of the part of `#values` and `#indices` that belongs to a step. */
  readonly #capacity: number;
  readonly #k: Float64Array;
  readonly #values: Float64Array;
  /** Index of the sample's column in the group. */
  readonly #indices: Int32Array;
  readonly #sizes: Int32Array;

  /** Reserves the heaps from the budget; `takeColumns` releases them. */
  constructor(evaluator: Evaluator, op: RankOp, { columns }: Group, capacity: number, k: Float64Array) {
    const { count } = evaluator.grid;
    evaluator.rawBudget.reserve(2 * capacity * count);
    this.#evaluator = evaluator;
    this.#op = op;
    this.#columns = columns;
    this.#capacity = capacity;
    this.#k = k;
    this.#values = new Float64Array(capacity * count);
    this.#indices = new Int32Array(capacity * count);
    this.#sizes = new Int32Array(count);
  }

  /** Offers the samples of a column of the group to the heaps. Call it in the order of the columns. */
  offer(index: number): Promise<void> | undefined {
    return this.#evaluator.forSteps((fromStep, toStep) => {
      this.#offerSteps(index, fromStep, toStep);
    });
  }

  #offerSteps(index: number, fromStep: number, toStep: number): void {
    const { values, present } = this.#columns[index]!;
    for (let step = fromStep; step < toStep; step++) {
      if (present[step] === 0) continue;
      const limit = Math.min(Math.trunc(this.#k[step]!), this.#capacity);
      if (limit < 1) continue;
      const base = step * this.#capacity;
      const size = this.#sizes[step]!;
      const value = values[step]!;
      if (size < limit) {
        this.#set(base + size, value, index);
        this.#sizes[step] = size + 1;
        if (this.#op !== 'limitk') this.#up(base, size);
      } else if (this.#op !== 'limitk' && this.#displaces(value, this.#values[base]!)) {
        this.#set(base, value, index);
        this.#down(base, size);
      }
    }
  }

  /** Returns the selected samples as new columns. The heaps must not be used afterwards. */
  async takeColumns(): Promise<Column[]> {
    const { grid, isInstant, rawBudget } = this.#evaluator;
    const outputs = new Map<number, Column>();
    if (isInstant && this.#op !== 'limitk') {
      for (const slot of await this.#orderedSlots(this.#op)) this.#takeSample(outputs, 0, slot);
    } else {
      const running = this.#evaluator.forSteps((fromStep, toStep) => {
        for (let step = fromStep; step < toStep; step++) {
          const base = step * this.#capacity;
          for (let i = 0; i < this.#sizes[step]!; i++) this.#takeSample(outputs, step, base + i);
        }
      }, this.#capacity);
      if (running !== undefined) await running;
    }
    rawBudget.release(2 * this.#capacity * grid.count);
    return [...outputs.values()];
  }

  #takeSample(outputs: Map<number, Column>, step: number, slot: number): void {
    const index = this.#indices[slot]!;
    const { present, histograms } = this.#columns[index]!;
    let output = outputs.get(index);
    if (output === undefined) outputs.set(index, (output = this.#newOutput(this.#columns[index]!)));
    output.values[step] = this.#values[slot]!;
    output.present[step] = present[step]!;
    if (present[step] === 2) output.histograms![step] = histograms![step];
  }

  #newOutput({ labels, dropsName, histograms }: Column): Column {
    return histograms
      ? this.#evaluator.newHistogramColumn(labels, dropsName)
      : this.#evaluator.newColumn(labels, dropsName);
  }

  /** The slots of an instant query, in the order of the result. */
  #orderedSlots(op: 'topk' | 'bottomk'): Promise<readonly number[]> {
    const values = Array.from(this.#values.subarray(0, this.#sizes[0]));
    return sortedPositions(this.#evaluator, values, op === 'topk');
  }

  /** Reports whether a value displaces the top of a full heap. */
  #displaces(value: number, top: number): boolean {
    if (Number.isNaN(top)) return !Number.isNaN(value);
    return this.#op === 'topk' ? top < value : top > value;
  }

  /** Reports whether `a` is nearer to the top than `b`. */
  #less(a: number, b: number): boolean {
    if (Number.isNaN(a)) return true;
    return this.#op === 'topk' ? a < b : a > b;
  }

  #up(base: number, start: number): void {
    let child = start;
    while (child > 0) {
      const parent = (child - 1) >>> 1;
      if (!this.#less(this.#values[base + child]!, this.#values[base + parent]!)) break;
      this.#swap(base + parent, base + child);
      child = parent;
    }
  }

  #down(base: number, size: number): void {
    let parent = 0;
    for (;;) {
      const left = 2 * parent + 1;
      if (left >= size) return;
      const right = left + 1;
      const isRightLess = right < size && this.#less(this.#values[base + right]!, this.#values[base + left]!);
      const child = isRightLess ? right : left;
      if (!this.#less(this.#values[base + child]!, this.#values[base + parent]!)) return;
      this.#swap(base + parent, base + child);
      parent = child;
    }
  }

  #set(slot: number, value: number, index: number): void {
    this.#values[slot] = value;
    this.#indices[slot] = index;
  }

  #swap(a: number, b: number): void {
    const value = this.#values[a]!;
    const index = this.#indices[a]!;
    this.#set(a, this.#values[b]!, this.#indices[b]!);
    this.#set(b, value, index);
  }
}
