// Aggregations: a vector to a vector of groups.

import { PromfedError, type Column } from '../../../model/index.js';
import { formatShort, quantileOf } from '../../functions/index.js';
import type { AggregateNode } from '../../plan/index.js';

import { createAccumulator, SCRATCH_COLUMNS, type AccumulatorOp } from './accumulators.js';
import { hasHistograms, dropEmptyColumns } from '../columns.js';
import { evalCountValues } from './count-values.js';
import { groupColumns, type Group } from './grouping.js';
import { addHistograms, withoutIgnored } from './histogram-aggregate.js';
import { evalLimitRatio } from './limit-ratio.js';
import { evalRank } from './rank.js';
import type { HistogramColumn, ScalarOperand, Evaluator, VectorOperand } from '../evaluator.js';

/** An aggregation; its parameter and its input are asked for at once. */
export async function evalAggregate(evaluator: Evaluator, node: AggregateNode): Promise<VectorOperand> {
  const [param, vector] = await Promise.all([
    node.param === undefined ? undefined : evaluator.evaluate(node.param),
    evaluator.evaluateVector(node.input),
  ]);
  switch (node.op) {
    case 'topk':
    case 'bottomk':
      if (param?.type !== 'scalar') throw wrongParameter(node);
      return evalRank(evaluator, node, node.op, withoutIgnored(evaluator, node, vector), param);
    case 'limitk':
      if (param?.type !== 'scalar') throw wrongParameter(node);
      return evalRank(evaluator, node, node.op, vector, param);
    case 'quantile':
      if (param?.type !== 'scalar') throw wrongParameter(node);
      return evalQuantile(evaluator, node, withoutIgnored(evaluator, node, vector), param);
    case 'count_values':
      if (param?.type !== 'string') throw wrongParameter(node);
      return evalCountValues(evaluator, node, vector, param.value);
    case 'limit_ratio':
      if (param?.type !== 'scalar') throw wrongParameter(node);
      return evalLimitRatio(evaluator, node, vector, param);
    case 'min':
    case 'max':
    case 'stddev':
    case 'stdvar':
      return accumulate(evaluator, node, node.op, withoutIgnored(evaluator, node, vector));
    case 'sum':
    case 'avg':
    case 'count':
    case 'group':
      return accumulate(evaluator, node, node.op, vector);
  }
}

function wrongParameter(node: AggregateNode): PromfedError {
  return new PromfedError('internal', `${node.op} was given a parameter of another type`);
}

async function accumulate(
  evaluator: Evaluator,
  node: AggregateNode,
  op: AccumulatorOp,
  vector: VectorOperand,
): Promise<VectorOperand> {
  const { count } = evaluator.grid;
  if (vector.columns.length === 0) return vector;
  evaluator.budget.reserve(SCRATCH_COLUMNS[op] * count);
  const accumulator = createAccumulator(op, count);
  const sumsHistograms = hasHistograms(vector) && (op === 'sum' || op === 'avg');
  const columns = [];
  for (const group of await groupColumns(evaluator.pacer, vector.columns, node.grouping, node.without)) {
    const { labels, dropsName } = group;
    const target = sumsHistograms
      ? evaluator.newHistogramColumn(labels, dropsName)
      : evaluator.newColumn(labels, dropsName);
    for (const column of group.columns) {
      if (evaluator.pacer.due) await evaluator.pacer.pause();
      accumulator.add(sumsHistograms ? floatsIn(column) : column, target);
    }
    accumulator.finish(target);
    if (sumsHistograms) await addHistograms(evaluator, node, group, target as HistogramColumn);
    columns.push(target);
  }
  evaluator.budget.release(SCRATCH_COLUMNS[op] * count);
  evaluator.release(vector);
  return dropEmptyColumns(evaluator, evaluator.vector(columns));
}

/** The column as an accumulator of floats is to see it. */
function floatsIn(column: Column): Column {
  return { ...column, present: column.present.map((kind) => kind & 1) };
}

async function evalQuantile(
  evaluator: Evaluator,
  node: AggregateNode,
  vector: VectorOperand,
  q: ScalarOperand,
): Promise<VectorOperand> {
  warnOfQuantile(evaluator, node, q.values);
  const columns = [];
  for (const group of await groupColumns(evaluator.pacer, vector.columns, node.grouping, node.without)) {
    columns.push(await quantileOfGroup(evaluator, group, q.values));
  }
  evaluator.release(vector, q);
  return dropEmptyColumns(evaluator, evaluator.vector(columns));
}

/** Of each column so many neighbours are read at a time: they are in memory together, the columns are not. */
const STEPS_AT_ONCE = 8;

async function quantileOfGroup(
  evaluator: Evaluator,
  group: Group,
  q: Float64Array,
): Promise<ReturnType<Evaluator['newColumn']>> {
  const target = evaluator.newColumn(group.labels, group.dropsName);
  const size = group.columns.length;
  const stride = Math.min(STEPS_AT_ONCE, evaluator.grid.count);
  evaluator.rawBudget.reserve(size * stride);
  const scratch = new Float64Array(size * stride);
  const filled = new Uint32Array(stride);
  let cost = 0;
  for (let first = 0; first < evaluator.grid.count; first += stride) {
    const steps = Math.min(stride, evaluator.grid.count - first);
    filled.fill(0);
    for (const { values, present } of group.columns) {
      for (let i = 0; i < steps; i++) {
        if (present[first + i] === 1) scratch[i * size + filled[i]!++] = values[first + i]!;
      }
    }
    for (let i = 0; i < steps; i++) {
      if (filled[i] === 0) continue;
      cost += size;
      if (cost > 5000) {
        cost = 0;
        if (evaluator.pacer.due) await evaluator.pacer.pause();
      }
      const floats = scratch.subarray(i * size, i * size + filled[i]!);
      target.values[first + i] = quantileOf(q[first + i]!, floats);
      target.present[first + i] = 1;
    }
  }
  evaluator.rawBudget.release(size * stride);
  return target;
}

/** Source: Prometheus, promql/engine.go (`rangeEvalAgg`, QUANTILE). */
function warnOfQuantile(evaluator: Evaluator, node: AggregateNode, values: Float64Array): void {
  let most = -Infinity;
  let least = Infinity;
  let anyNaN = false;
  for (const value of values) {
    if (Number.isNaN(value)) {
      anyNaN = true;
      continue;
    }
    most = Math.max(most, value);
    least = Math.min(least, value);
  }
  const at = node.param ?? node;
  if (anyNaN) evaluator.warn(invalidQuantile(NaN), at);
  if (most > 1) evaluator.warn(invalidQuantile(most), at);
  if (least < 0) evaluator.warn(invalidQuantile(least), at);
}

/** Source: Prometheus, util/annotations (`NewInvalidQuantileWarning`). */
export function invalidQuantile(q: number): string {
  return `quantile value should be between 0 and 1, got ${formatShort(q)}`;
}
