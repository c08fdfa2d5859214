// The order of instant vectors, which most operators keep. It counts where a vector is sorted or ranked.

import { Labels, type Column } from '../../model/index.js';
import { sortPaced } from '../../runtime/index.js';
import type { Evaluator, VectorOperand } from './evaluator.js';

/**
 * Returns the operand with its columns in the order that counts: its own when it is ordered, else by labels. The columns
 * of a range query have no order and are returned unchanged.
 */
export async function arrange(evaluator: Evaluator, operand: VectorOperand): Promise<VectorOperand> {
  if (!evaluator.isInstant || operand.ordered || operand.columns.length < 2) return operand;
  const columns = await sortPaced(evaluator.pacer, operand.columns, (a, b) =>
    Labels.compare(a.labels, b.labels),
  );
  return { ...operand, columns };
}

/**
 * Returns the positions of values in ascending or descending order. Equal values keep their order, and those that are NaN
 * are last in reverse order, as by the insertion sort of Go with Prometheus' comparison.
 *
 * Source: Prometheus, promql/functions.go (`vectorByValueHeap`).
 */
export async function sortedPositions(
  { pacer }: Evaluator,
  values: readonly number[],
  descending: boolean,
): Promise<number[]> {
  const numbers: number[] = [];
  const nans: number[] = [];
  for (const [i, value] of values.entries()) (Number.isNaN(value) ? nans : numbers).push(i);
  const sign = descending ? -1 : 1;
  const sorted = await sortPaced(pacer, numbers, (a, b) => {
    const [x, y] = [values[a]!, values[b]!];
    return x === y ? 0 : x < y ? -sign : sign;
  });
  return [...sorted, ...nans.reverse()];
}

/**
 * Returns the columns of an instant vector in the layout of Go's heap after they were pushed one by one. It is the order
 * of limitk and limit_ratio.
 *
 * Source: Go, container/heap (`Push`); Prometheus, promql/engine.go (`aggregationK`).
 */
export function heapOrder(columns: readonly Column[]): Column[] {
  const heap: Column[] = [];
  for (const column of columns) {
    const value = floatOf(column);
    let child = heap.length;
    while (child > 0) {
      const parent = (child - 1) >>> 1;
      if (!Number.isNaN(value) && !(value < floatOf(heap[parent]!))) break;
      heap[child] = heap[parent]!;
      child = parent;
    }
    heap[child] = column;
  }
  return heap;
}

/** The float of an instant column; 0 for a native histogram. */
function floatOf({ values, present }: Column): number {
  return present[0] === 2 ? 0 : values[0]!;
}
