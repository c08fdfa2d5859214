// topk, bottomk and limitk: which series of a group are kept at each step.

import { PromfedError, type Column } from '../../../model/index.js';
import type { AggregateNode } from '../../plan/index.js';

import { groupColumns, type Group } from './grouping.js';
import type { ScalarOperand, Evaluator, VectorOperand } from '../evaluator.js';

export type RankOp = 'topk' | 'bottomk' | 'limitk';

const TWO_TO_63 = 2 ** 63;

/**
 * The kept samples, with the labels of their series. An instant result is in order: group by group, topk from the
 * greatest, bottomk from the least, NaN last.
 *
 * Source: Prometheus, promql/engine.go (`rangeEvalAgg`, `aggregationK`).
 *
 * @throws PromfedError `execution` when k is NaN or no 64-bit integer at any step.
 */
export async function evalRank(
  evaluator: Evaluator,
  node: AggregateNode,
  op: RankOp,
  vector: VectorOperand,
  k: ScalarOperand,
): Promise<VectorOperand> {
  const columns: Column[] = [];
  if (checkK(k.values)) {
    const greatest = Math.min(
      vector.columns.length,
      k.values.reduce((most, value) => Math.max(most, value), 0),
    );
    for (const group of await groupColumns(evaluator.pacer, vector.columns, node.grouping, node.without)) {
      const width = Math.trunc(Math.min(greatest, group.columns.length));
      const heaps = new Heaps(evaluator, op, group, width, k.values);
      for (let i = 0; i < group.columns.length; i++) {
        if (evaluator.pacer.due) await evaluator.pacer.pause();
        heaps.offer(i);
      }
      columns.push(...(await heaps.take()));
    }
  }
  evaluator.release(vector, k);
  return evaluator.vector(columns, evaluator.isInstant && op !== 'limitk');
}

/** @returns whether any step keeps anything. */
function checkK(values: Float64Array): boolean {
  let most = -Infinity;
  let least = Infinity;
  let anyNaN = false;
  for (const value of values) {
    if (Number.isNaN(value)) anyNaN = true;
    most = Math.max(most, value);
    least = Math.min(least, value);
  }
  if (most < 1) return false;
  if (anyNaN) throw new PromfedError('execution', 'Parameter value is NaN');
  if (least <= -TWO_TO_63)
    throw new PromfedError('execution', `Scalar value ${printK(least)} underflows int64`);
  if (most >= TWO_TO_63) throw new PromfedError('execution', `Scalar value ${printK(most)} overflows int64`);
  return true;
}

function printK(value: number): string {
  if (value === Infinity) return '+Inf';
  if (value === -Infinity) return '-Inf';
  return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
}

/** One heap a step of the columns that are kept so far, the first to go on top: Go's container/heap, step for step. */
class Heaps {
  readonly #evaluator: Evaluator;
  readonly #op: RankOp;
  readonly #columns: readonly Column[];
  readonly #width: number;
  readonly #k: Float64Array;
  readonly #values: Float64Array;
  readonly #indices: Int32Array;
  readonly #sizes: Int32Array;

  constructor(evaluator: Evaluator, op: RankOp, { columns }: Group, width: number, k: Float64Array) {
    const { count } = evaluator.grid;
    evaluator.rawBudget.reserve(2 * width * count);
    this.#evaluator = evaluator;
    this.#op = op;
    this.#columns = columns;
    this.#width = width;
    this.#k = k;
    this.#values = new Float64Array(width * count);
    this.#indices = new Int32Array(width * count);
    this.#sizes = new Int32Array(count);
  }

  /** Shows the group's next column to every step. */
  offer(index: number): void {
    const { values, present } = this.#columns[index]!;
    for (let step = 0; step < present.length; step++) {
      if (present[step] === 0) continue;
      const limit = Math.min(Math.trunc(this.#k[step]!), this.#width);
      if (limit < 1) continue;
      const base = step * this.#width;
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

  /** The kept samples as new columns; the heaps are over with this. */
  async take(): Promise<Column[]> {
    const { count } = this.#evaluator.grid;
    const kept = new Map<number, Column>();
    for (let step = 0; step < count; step++) {
      if (this.#evaluator.pacer.due) await this.#evaluator.pacer.pause();
      for (const slot of this.#slotsInOrder(step)) {
        const index = this.#indices[slot]!;
        let column = kept.get(index);
        if (column === undefined) {
          const { labels, dropsName, histograms } = this.#columns[index]!;
          column = histograms
            ? this.#evaluator.newHistogramColumn(labels, dropsName)
            : this.#evaluator.newColumn(labels, dropsName);
          kept.set(index, column);
        }
        column.values[step] = this.#values[slot]!;
        column.present[step] = this.#columns[index]!.present[step]!;
        if (column.present[step] === 2) {
          column.histograms![step] = this.#columns[index]!.histograms![step];
        }
      }
    }
    this.#evaluator.rawBudget.release(2 * this.#width * count);
    return [...kept.values()];
  }

  #slotsInOrder(step: number): number[] {
    const base = step * this.#width;
    const slots = Array.from({ length: this.#sizes[step]! }, (_, i) => base + i);
    // Only an instant result has an order.
    if (this.#op === 'limitk' || !this.#evaluator.isInstant) return slots;
    return slots.sort((a, b) => {
      const [x, y] = [this.#values[a]!, this.#values[b]!];
      if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y));
      return this.#op === 'topk' ? y - x || 0 : x - y || 0;
    });
  }

  #displaces(value: number, top: number): boolean {
    if (Number.isNaN(top)) return !Number.isNaN(value);
    return this.#op === 'topk' ? top < value : top > value;
  }

  /** Whether a goes before b. */
  #before(a: number, b: number): boolean {
    if (Number.isNaN(a)) return true;
    return this.#op === 'topk' ? a < b : a > b;
  }

  #up(base: number, from: number): void {
    let child = from;
    while (child > 0) {
      const parent = (child - 1) >>> 1;
      if (!this.#before(this.#values[base + child]!, this.#values[base + parent]!)) break;
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
      const rightFirst =
        right < size && this.#before(this.#values[base + right]!, this.#values[base + left]!);
      const child = rightFirst ? right : left;
      if (!this.#before(this.#values[base + child]!, this.#values[base + parent]!)) return;
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
