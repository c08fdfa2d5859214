import type { Column } from '../../../model/index.js';
import { quantileOf } from '../../functions/index.js';
import type { AggregateNode } from '../../plan/index.js';
import { ANNOTATION_TEXTS } from '../annotation-texts.js';
import { dropEmptyColumns } from '../columns.js';
import type { Evaluator, ScalarOperand, VectorOperand } from '../evaluator.js';
import { groupColumns, type Group } from './grouping.js';
import { paramRange, type ParamRange } from './param-range.js';

/** Number of steps read from a column at a time. Adjacent steps of a column share cache lines. */
const STRIDE = 8;

/** Number of samples processed between two checks of the pacer. */
const SAMPLES_PER_CHECK = 5000;

/** Evaluates a quantile aggregation of a vector without histograms. */
export async function evalQuantile(
  evaluator: Evaluator,
  node: AggregateNode,
  vector: VectorOperand,
  q: ScalarOperand,
): Promise<VectorOperand> {
  warnOfInvalidQuantiles(evaluator, node, await paramRange(evaluator, q));
  const columns = [];
  const { groups, memory } = await groupColumns(evaluator, vector.columns, node.grouping, node.without);
  for (const group of groups) {
    columns.push(await quantileOfGroup(evaluator, group, q.values));
  }
  memory.release();
  evaluator.release(vector, q);
  return dropEmptyColumns(evaluator, evaluator.vector(columns, vector.ordered));
}

async function quantileOfGroup(evaluator: Evaluator, group: Group, q: Float64Array): Promise<Column> {
  const { pacer, grid, rawBudget } = evaluator;
  const output = evaluator.newColumn(group.labels, group.dropsName);
  const size = group.columns.length;
  const stride = Math.min(STRIDE, grid.count);
  rawBudget.reserve(size * stride);
  /** The values of step `first + i`, from index `i * size` on. */
  const scratch = new Float64Array(size * stride);
  /** The number of values of step `first + i`. */
  const filled = new Uint32Array(stride);
  let samples = 0;
  for (let first = 0; first < grid.count; first += stride) {
    const steps = Math.min(stride, grid.count - first);
    filled.fill(0);
    for (const { values, present } of group.columns) {
      for (let i = 0; i < steps; i++) {
        if (present[first + i] === 1) scratch[i * size + filled[i]!++] = values[first + i]!;
      }
    }
    for (let i = 0; i < steps; i++) {
      if (filled[i] === 0) continue;
      samples += size;
      if (samples > SAMPLES_PER_CHECK) {
        samples = 0;
        if (pacer.due) await pacer.pause();
      }
      const floats = scratch.subarray(i * size, i * size + filled[i]!);
      output.values[first + i] = quantileOf(q[first + i]!, floats);
      output.present[first + i] = 1;
    }
  }
  rawBudget.release(size * stride);
  return output;
}

/** Source: Prometheus, promql/engine.go (`rangeEvalAgg`, QUANTILE). */
function warnOfInvalidQuantiles(
  evaluator: Evaluator,
  node: AggregateNode,
  { min, max, hasNaN }: ParamRange,
): void {
  const at = node.param ?? node;
  if (hasNaN) evaluator.warn(ANNOTATION_TEXTS.invalidQuantile(NaN), at);
  if (max > 1) evaluator.warn(ANNOTATION_TEXTS.invalidQuantile(max), at);
  if (min < 0) evaluator.warn(ANNOTATION_TEXTS.invalidQuantile(min), at);
}
