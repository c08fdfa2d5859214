// Evaluation of plans: the entry point and the dispatch on node types.

import { Labels, PromfedError, type Value } from '../../model/index.js';
import { sortPaced } from '../../runtime/index.js';
import type { FetchNode, PlanNode, RangeNode, SubqueryNode, UnionNode } from '../plan/index.js';
import { evalAggregate } from './aggregate/aggregate.js';
import { evalBinary } from './binary/binary.js';
import { evalCall } from './call/call.js';
import { dropMetadataLabels, removeDelayedNames } from './columns.js';
import { statsSelectors } from './histogram/histogram-stats.js';
import { extendSeries } from './range/extension.js';
import { evalRange } from './range/range.js';
import { unsupported, Evaluator, type Operand } from './evaluator.js';
import { evalNegate } from './negate.js';
import { evalSelector } from './selector.js';
import { evalSegment, evalSegments } from './time-segments.js';
import { tryUnsupported } from './unsupported.js';
import type { EvalContext } from './eval-context.js';

/**
 * Evaluates a plan on the grid of the context. All fetches and raw selections are started before any is awaited, except
 * for the info series of info(), which depend on the series to enrich. The caller owns the result, except for unchanged
 * columns of `fetched`; its samples stay reserved from the budget. The result is a matrix only for a range selector or a
 * subquery at the root of an instant query.
 *
 * Long evaluations yield to the event loop about every 20 ms.
 *
 * @throws PromfedError `unsupported` for a construct that promfed does not evaluate: before anything is fetched, except
 *   for constructs that are only unsupported for native histograms; `execution` and `limit` with the texts of
 *   Prometheus; `canceled` and `timeout` when the signal aborts; errors of the fetches and of the sample source.
 */
export async function evaluate(node: PlanNode, context: EvalContext): Promise<Value> {
  const construct = tryUnsupported(node);
  if (construct !== undefined) throw unsupported(construct);
  const evaluator = Evaluator.create(context, evaluateNode, statsSelectors(node));
  evaluator.pacer.check();
  const operand = await evaluator.evaluate(node);
  evaluator.pacer.check();
  switch (operand.type) {
    case 'scalar':
      return { type: 'scalar', values: operand.values };
    case 'vector':
      return {
        type: 'vector',
        columns: (await removeDelayedNames(evaluator, operand)).columns,
        ordered: operand.ordered,
      };
    case 'string':
      return { type: 'string', value: operand.value };
    case 'matrix':
      return { type: 'matrix', series: operand.series };
  }
}

async function evaluateNode(evaluator: Evaluator, node: PlanNode): Promise<Operand> {
  const operand = await dispatch(evaluator, node);
  evaluator.observer.ended(node, operand);
  return operand;
}

function dispatch(evaluator: Evaluator, node: PlanNode): Operand | Promise<Operand> {
  switch (node.kind) {
    case 'number':
      return evaluator.newScalar(() => node.value);
    case 'string':
      return { type: 'string', value: node.value, held: 0 };
    case 'fetch':
      return evalFetch(evaluator, node);
    case 'selector':
      return evalSelector(evaluator, node);
    case 'range':
    case 'subquery':
      return evalMatrix(evaluator, node);
    case 'aggregate':
      return evalAggregate(evaluator, node);
    case 'call':
      return evalCall(evaluator, node);
    case 'binary':
      return evalBinary(evaluator, node);
    case 'negate':
      return evalNegate(evaluator, node);
    case 'union':
      return evalUnion(evaluator, node);
    case 'segments':
      return evalSegments(evaluator, node);
    case 'segment':
      return evalSegment(evaluator, node);
  }
}

async function evalFetch(evaluator: Evaluator, { fetch }: FetchNode): Promise<Operand> {
  const columns = await evaluator.context.fetched(fetch, evaluator.grid);
  return { type: 'vector', columns, ordered: false, held: 0 };
}

/** The result is not owned: the columns of fetches are shared. */
async function evalUnion(evaluator: Evaluator, { inputs }: UnionNode): Promise<Operand> {
  const vectors = await Promise.all(inputs.map((input) => evaluator.evaluateVector(input)));
  return { type: 'vector', columns: vectors.flatMap(({ columns }) => columns), ordered: false, held: 0 };
}

async function evalMatrix(evaluator: Evaluator, node: RangeNode | SubqueryNode): Promise<Operand> {
  if (!evaluator.isInstant) throw new PromfedError('internal', 'range vector evaluated in a range query');
  const extension = node.kind === 'range' ? node.selector.extension : undefined;
  const range = await evalRange(evaluator, node);
  const { series, delayedNames, held } =
    extension === undefined ? range : await extendSeries(evaluator, range, extension);
  const present = series
    .filter(({ timestamps }) => timestamps.length > 0)
    .map((rawSeries) =>
      delayedNames?.has(rawSeries)
        ? { ...rawSeries, labels: dropMetadataLabels(rawSeries.labels) }
        : rawSeries,
    );
  const sorted = await sortPaced(evaluator.pacer, present, (a, b) => Labels.compare(a.labels, b.labels));
  return { type: 'matrix', series: sorted, held };
}
