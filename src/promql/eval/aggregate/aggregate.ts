// Aggregations: a vector to a vector of groups.

import { PromfedError, type Column } from '../../../model/index.js';
import { formatShort, quantileOf } from '../../functions/index.js';
import type { AggregateNode } from '../../plan/index.js';

import { createAccumulator, SCRATCH_COLUMNS, type AccumulatorOp } from './accumulators.js';
import { hasHistograms, withoutEmpty } from '../columns.js';
import { evalCountValues } from './count-values.js';
import { groupColumns, type Group } from './grouping.js';
import { addHistograms, withoutIgnored } from './histogram-aggregate.js';
import { evalLimitRatio } from './limit-ratio.js';
import { evalRank } from './rank.js';
import type { HistogramColumn, ScalarOperand, Scope, VectorOperand } from '../scope.js';

/** An aggregation; its parameter and its input are asked for at once. */
export async function evalAggregate(scope: Scope, node: AggregateNode): Promise<VectorOperand> {
  const [param, vector] = await Promise.all([
    node.param === undefined ? undefined : scope.evaluate(node.param),
    scope.vectorOf(node.input),
  ]);
  switch (node.op) {
    case 'topk':
    case 'bottomk':
      if (param?.type !== 'scalar') throw wrongParameter(node);
      return evalRank(scope, node, node.op, withoutIgnored(scope, node, vector), param);
    case 'limitk':
      if (param?.type !== 'scalar') throw wrongParameter(node);
      return evalRank(scope, node, node.op, vector, param);
    case 'quantile':
      if (param?.type !== 'scalar') throw wrongParameter(node);
      return evalQuantile(scope, node, withoutIgnored(scope, node, vector), param);
    case 'count_values':
      if (param?.type !== 'string') throw wrongParameter(node);
      return evalCountValues(scope, node, vector, param.value);
    case 'limit_ratio':
      if (param?.type !== 'scalar') throw wrongParameter(node);
      return evalLimitRatio(scope, node, vector, param);
    case 'min':
    case 'max':
    case 'stddev':
    case 'stdvar':
      return accumulate(scope, node, node.op, withoutIgnored(scope, node, vector));
    case 'sum':
    case 'avg':
    case 'count':
    case 'group':
      return accumulate(scope, node, node.op, vector);
  }
}

function wrongParameter(node: AggregateNode): PromfedError {
  return new PromfedError('internal', `${node.op} was given a parameter of another type`);
}

async function accumulate(
  scope: Scope,
  node: AggregateNode,
  op: AccumulatorOp,
  vector: VectorOperand,
): Promise<VectorOperand> {
  const { count } = scope.grid;
  if (vector.columns.length === 0) return vector;
  scope.budget.reserve(SCRATCH_COLUMNS[op] * count);
  const accumulator = createAccumulator(op, count);
  const sumsHistograms = hasHistograms(vector) && (op === 'sum' || op === 'avg');
  const columns = [];
  for (const group of await groupColumns(scope.pacer, vector.columns, node.grouping, node.without)) {
    const { labels, dropsName } = group;
    const target = sumsHistograms
      ? scope.newHistogramColumn(labels, dropsName)
      : scope.newColumn(labels, dropsName);
    for (const column of group.columns) {
      if (scope.pacer.due) await scope.pacer.pause();
      accumulator.add(sumsHistograms ? floatsIn(column) : column, target);
    }
    accumulator.finish(target);
    if (sumsHistograms) await addHistograms(scope, node, group, target as HistogramColumn);
    columns.push(target);
  }
  scope.budget.release(SCRATCH_COLUMNS[op] * count);
  scope.release(vector);
  return withoutEmpty(scope, scope.vector(columns));
}

/** The column as an accumulator of floats is to see it. */
function floatsIn(column: Column): Column {
  return { ...column, present: column.present.map((kind) => kind & 1) };
}

async function evalQuantile(
  scope: Scope,
  node: AggregateNode,
  vector: VectorOperand,
  q: ScalarOperand,
): Promise<VectorOperand> {
  warnOfQuantile(scope, node, q.values);
  const columns = [];
  for (const group of await groupColumns(scope.pacer, vector.columns, node.grouping, node.without)) {
    columns.push(await quantileOfGroup(scope, group, q.values));
  }
  scope.release(vector, q);
  return withoutEmpty(scope, scope.vector(columns));
}

/** Of each column so many neighbours are read at a time: they are in memory together, the columns are not. */
const STEPS_AT_ONCE = 8;

async function quantileOfGroup(
  scope: Scope,
  group: Group,
  q: Float64Array,
): Promise<ReturnType<Scope['newColumn']>> {
  const target = scope.newColumn(group.labels, group.dropsName);
  const size = group.columns.length;
  const stride = Math.min(STEPS_AT_ONCE, scope.grid.count);
  scope.rawBudget.reserve(size * stride);
  const scratch = new Float64Array(size * stride);
  const filled = new Uint32Array(stride);
  let cost = 0;
  for (let first = 0; first < scope.grid.count; first += stride) {
    const steps = Math.min(stride, scope.grid.count - first);
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
        if (scope.pacer.due) await scope.pacer.pause();
      }
      const floats = scratch.subarray(i * size, i * size + filled[i]!);
      target.values[first + i] = quantileOf(q[first + i]!, floats);
      target.present[first + i] = 1;
    }
  }
  scope.rawBudget.release(size * stride);
  return target;
}

/** Source: Prometheus, promql/engine.go (`rangeEvalAgg`, QUANTILE). */
function warnOfQuantile(scope: Scope, node: AggregateNode, values: Float64Array): void {
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
  if (anyNaN) scope.warn(invalidQuantile(NaN), at);
  if (most > 1) scope.warn(invalidQuantile(most), at);
  if (least < 0) scope.warn(invalidQuantile(least), at);
}

/** Source: Prometheus, util/annotations (`NewInvalidQuantileWarning`). */
export function invalidQuantile(q: number): string {
  return `quantile value should be between 0 and 1, got ${formatShort(q)}`;
}
