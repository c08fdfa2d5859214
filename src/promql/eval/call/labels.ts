// label_replace and label_join.

import { METRIC_NAME } from '../../../model/index.js';
import { createLabelJoin, createLabelReplace, type MapLabels } from '../../functions/index.js';
import type { CallNode } from '../../plan/index.js';
import { mapIdentities, mergeSameLabels } from '../columns.js';
import type { Evaluator, VectorOperand } from '../evaluator.js';
import { stringArguments } from './string-arguments.js';

/**
 * Number of characters of a written label that are not counted towards the budget. Further characters are, because
 * their number is unlimited.
 */
const UNCOUNTED_LABEL_CHARS = 1024;

/** Number of characters that are counted as one sample. */
const CHARS_PER_SAMPLE = 8;

/** Evaluates label_replace. */
export async function evalLabelReplace(evaluator: Evaluator, node: CallNode): Promise<VectorOperand> {
  const [dst, replacement, src, regex] = stringArguments(node);
  const map = createLabelReplace(dst!, replacement!, src!, regex!);
  return mapLabels(evaluator, await evaluator.evaluateVector(node.args[0]!), map, dst!);
}

/** Evaluates label_join. */
export async function evalLabelJoin(evaluator: Evaluator, node: CallNode): Promise<VectorOperand> {
  const [dst, separator, ...sources] = stringArguments(node);
  const map = createLabelJoin(dst!, separator!, sources);
  return mapLabels(evaluator, await evaluator.evaluateVector(node.args[0]!), map, dst!);
}

/** Applies a function that writes the label `dst` to all series. */
async function mapLabels(
  evaluator: Evaluator,
  vector: VectorOperand,
  map: MapLabels,
  dst: string,
): Promise<VectorOperand> {
  const mapped = await mapIdentities(evaluator, vector, ({ labels, dropsName }) => {
    const changed = map(labels);
    const excess = changed.get(dst).length - UNCOUNTED_LABEL_CHARS;
    if (excess > 0) evaluator.rawBudget.reserve(Math.ceil(excess / CHARS_PER_SAMPLE));
    // A metric name written by the query is not removed.
    const writesName = dst === METRIC_NAME && changed !== labels;
    return { labels: changed, dropsName: dropsName && !writesName };
  });
  return mergeSameLabels(evaluator, mapped);
}
