// sort, sort_desc, sort_by_label and sort_by_label_desc. They order instant results only.

import { Labels, type Column } from '../../../model/index.js';
import { sortPaced } from '../../../runtime/index.js';
import { compareNaturally } from '../../functions/index.js';
import type { CallNode } from '../../plan/index.js';
import { ANNOTATION_TEXTS } from '../annotation-texts.js';
import { dropHistograms } from '../columns.js';
import type { Evaluator, VectorOperand } from '../evaluator.js';
import { arrange, sortedPositions } from '../order.js';
import { stringArguments } from './string-arguments.js';

/** Evaluates sort and sort_desc: by value, NaN last, equal values in their order. Adds a warning in a range query. */
export async function evalSort(
  evaluator: Evaluator,
  node: CallNode,
  descending: boolean,
): Promise<VectorOperand> {
  const vector = await dropHistograms(evaluator, await evaluator.evaluateVector(node.args[0]!));
  if (!evaluator.isInstant) {
    evaluator.warn(ANNOTATION_TEXTS.sortInRangeQuery, node);
    return vector;
  }
  const { columns } = await arrange(evaluator, vector);
  const positions = await sortedPositions(
    evaluator,
    columns.map(({ values }) => values[0]!),
    descending,
  );
  return { ...vector, columns: positions.map((position) => columns[position]!), ordered: true };
}

/**
 * Evaluates sort_by_label and sort_by_label_desc: by the values of the given labels in natural order, then by all
 * labels.
 *
 * Source: Prometheus, promql/functions.go (`funcSortByLabel`, `funcSortByLabelDesc`).
 */
export async function evalSortByLabel(
  evaluator: Evaluator,
  node: CallNode,
  descending: boolean,
): Promise<VectorOperand> {
  const vector = await evaluator.evaluateVector(node.args[0]!);
  if (!evaluator.isInstant) return vector;
  const names = stringArguments(node);
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
