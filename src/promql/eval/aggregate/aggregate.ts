import { PromfedError, type Column } from '../../../model/index.js';
import type { AggregateNode } from '../../plan/index.js';
import { dropEmptyColumns, hasHistograms } from '../columns.js';
import type { Evaluator, HistogramColumn, Operand, ScalarOperand, VectorOperand } from '../evaluator.js';
import { createAccumulator, SCRATCH_COLUMNS, type AccumulatorOp } from './accumulators.js';
import { evalCountValues } from './count-values.js';
import { groupColumns } from './grouping.js';
import { addHistograms, dropIgnoredHistograms } from './histogram-aggregate.js';
import { evalLimitRatio } from './limit-ratio.js';
import { evalQuantile } from './quantile.js';
import { evalRank } from './rank.js';

/**
 * Evaluates an aggregation. Its parameter and its input are evaluated concurrently. Groups have the order of their first
 * series.
 */
export async function evalAggregate(evaluator: Evaluator, node: AggregateNode): Promise<VectorOperand> {
  const [param, vector] = await Promise.all([
    node.param === undefined ? undefined : evaluator.evaluate(node.param),
    evaluator.evaluateVector(node.input),
  ]);
  switch (node.op) {
    case 'topk':
    case 'bottomk': {
      const k = expectScalar(node, param);
      return evalRank(evaluator, node, node.op, await dropIgnoredHistograms(evaluator, node, vector), k);
    }
    case 'limitk':
      return evalRank(evaluator, node, node.op, vector, expectScalar(node, param));
    case 'quantile': {
      const q = expectScalar(node, param);
      return evalQuantile(evaluator, node, await dropIgnoredHistograms(evaluator, node, vector), q);
    }
    case 'count_values':
      if (param?.type !== 'string') throw unexpectedParameter(node, param);
      return evalCountValues(evaluator, node, vector, param.value);
    case 'limit_ratio':
      return evalLimitRatio(evaluator, node, vector, expectScalar(node, param));
    case 'min':
    case 'max':
    case 'stddev':
    case 'stdvar':
      return accumulate(evaluator, node, node.op, await dropIgnoredHistograms(evaluator, node, vector));
    case 'sum':
    case 'avg':
    case 'count':
    case 'group':
      return accumulate(evaluator, node, node.op, vector);
  }
}

function expectScalar(node: AggregateNode, param: Operand | undefined): ScalarOperand {
  if (param?.type !== 'scalar') throw unexpectedParameter(node, param);
  return param;
}

function unexpectedParameter({ op }: AggregateNode, param: Operand | undefined): PromfedError {
  return new PromfedError('internal', `unexpected parameter of ${op}: ${param?.type ?? 'none'}`);
}

async function accumulate(
  evaluator: Evaluator,
  node: AggregateNode,
  op: AccumulatorOp,
  vector: VectorOperand,
): Promise<VectorOperand> {
  const { pacer, grid } = evaluator;
  if (vector.columns.length === 0) return vector;
  evaluator.budget.reserve(SCRATCH_COLUMNS[op] * grid.count);
  const accumulator = createAccumulator(op, grid.count);
  const sumsHistograms = hasHistograms(vector) && (op === 'sum' || op === 'avg');
  const columns = [];
  const { groups, memory } = await groupColumns(evaluator, vector.columns, node.grouping, node.without);
  for (const group of groups) {
    const { labels, dropsName } = group;
    const output = sumsHistograms
      ? evaluator.newHistogramColumn(labels, dropsName)
      : evaluator.newColumn(labels, dropsName);
    for (const column of group.columns) {
      if (pacer.due) await pacer.pause();
      const floats = sumsHistograms ? withFloatsOnly(column) : column;
      const adding = evaluator.forSteps((fromStep, toStep) => {
        accumulator.add(floats, output, fromStep, toStep);
      });
      if (adding !== undefined) await adding;
    }
    const finishing = evaluator.forSteps((fromStep, toStep) => {
      accumulator.finish(output, fromStep, toStep);
    });
    if (finishing !== undefined) await finishing;
    if (sumsHistograms) await addHistograms(evaluator, node, group, output as HistogramColumn);
    columns.push(output);
  }
  memory.release();
  evaluator.budget.release(SCRATCH_COLUMNS[op] * grid.count);
  evaluator.release(vector);
  return dropEmptyColumns(evaluator, evaluator.vector(columns, vector.ordered));
}

/** Returns a column with the histogram samples marked as missing. */
function withFloatsOnly(column: Column): Column {
  return { ...column, present: column.present.map((kind) => kind & 1) };
}
