// sort_by_label and sort_by_label_desc: the order of an instant vector by its labels.

import { Labels, type Column } from '../../model/index.js';
import { sortPaced } from '../../runtime/index.js';
import { compareNaturally } from '../functions/index.js';
import type { Evaluator, VectorOperand } from './evaluator.js';

/**
 * The vector by the values of the labels, one after another, numbers in them counting as numbers; then by all labels.
 * The order of a range result means nothing.
 *
 * Source: Prometheus, promql/functions.go (`funcSortByLabel`, `funcSortByLabelDesc`).
 */
export async function sortByLabel(
  evaluator: Evaluator,
  vector: VectorOperand,
  names: readonly string[],
  descending: boolean,
): Promise<VectorOperand> {
  if (!evaluator.isInstant) return vector;
  const compare = (a: Column, b: Column): number => {
    for (const name of names) {
      const [x, y] = [a.labels.get(name), b.labels.get(name)];
      if (x === y) continue;
      const order = compareNaturally(x, y);
      if (order !== 0) return order;
    }
    return Labels.compare(a.labels, b.labels);
  };
  const sign = descending ? -1 : 1;
  const columns = await sortPaced(evaluator.pacer, vector.columns, (a, b) => sign * compare(a, b));
  return { ...vector, columns, ordered: true };
}
