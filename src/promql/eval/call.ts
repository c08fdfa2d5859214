// Function calls: which way each function is evaluated.

import { Labels, METRIC_NAME, PromfedError, type Column } from '../../model/index.js';
import { sortPaced } from '../../runtime/index.js';
import {
  createLabelJoin,
  createLabelReplace,
  ELEMENT_FUNCTIONS,
  goMax,
  goMin,
  RANGE_FUNCTIONS,
  type ElementFunction,
  type MapLabels,
} from '../functions/index.js';
import type { CallNode } from '../plan/index.js';
import { ANNOTATION_TEXTS } from './annotation-texts.js';
import {
  mergeSameLabels,
  dropHistograms,
  mapIdentities,
  createOutputColumn,
  dropEmptyColumns,
  removeName,
  type ColumnIdentity,
} from './columns.js';
import { evalHistogramFunction, HISTOGRAM_FUNCTIONS } from './histogram/histogram-functions.js';
import { evalHistogramFraction, evalHistogramQuantile } from './histogram/histogram-quantile.js';
import { evalHistogramQuantiles } from './histogram/histogram-quantiles.js';
import { evalInfo } from './info.js';
import { evalAbsentOverTime, evalRangeFunction } from './range/range-function.js';
import {
  unsupported,
  type Operand,
  type ScalarOperand,
  type Evaluator,
  type VectorOperand,
} from './evaluator.js';
import { evalSelector } from './selector.js';
import { sortByLabel } from './sort-by-label.js';

type EvaluateCall = (evaluator: Evaluator, node: CallNode) => Operand | Promise<Operand>;

/** Functions that are neither elementwise nor of a range, each with its own way. */
const SPECIAL_FUNCTIONS: ReadonlyMap<string, EvaluateCall> = new Map<string, EvaluateCall>([
  ['time', (evaluator) => times(evaluator)],
  ['pi', (evaluator) => evaluator.newScalar(() => Math.PI)],
  ['vector', evalVector],
  ['scalar', evalScalar],
  ['timestamp', evalTimestamp],
  ['start_timestamp', evalStartTimestamp],
  ['absent', evalAbsent],
  ['absent_over_time', (evaluator, node) => evalAbsentOverTime(evaluator, node, absentLabels(node))],
  ['sort', (evaluator, node) => evalSort(evaluator, node, false)],
  ['sort_desc', (evaluator, node) => evalSort(evaluator, node, true)],
  ['label_replace', evalLabelReplace],
  ['label_join', evalLabelJoin],
  ['sort_by_label', (evaluator, node) => evalSortByLabel(evaluator, node, false)],
  ['sort_by_label_desc', (evaluator, node) => evalSortByLabel(evaluator, node, true)],
  ['histogram_quantile', (evaluator, node) => evalHistogramQuantile(evaluator, node)],
  ['histogram_quantiles', evalHistogramQuantiles],
  ['histogram_fraction', evalHistogramFraction],
  ['info', evalInfo],
  ['min_of', (evaluator, node) => evalEither(evaluator, node, goMin)],
  ['max_of', (evaluator, node) => evalEither(evaluator, node, goMax)],
]);

/** Whether calls of the function can be evaluated. */
export function isSupportedFunction(name: string): boolean {
  return [SPECIAL_FUNCTIONS, RANGE_FUNCTIONS, ELEMENT_FUNCTIONS, HISTOGRAM_FUNCTIONS].some((table) =>
    table.has(name),
  );
}

export async function evalCall(evaluator: Evaluator, node: CallNode): Promise<Operand> {
  const special = SPECIAL_FUNCTIONS.get(node.func);
  if (special !== undefined) return special(evaluator, node);
  const rangeFunction = RANGE_FUNCTIONS.get(node.func);
  if (rangeFunction !== undefined) return evalRangeFunction(evaluator, node, rangeFunction);
  const histogramFunction = HISTOGRAM_FUNCTIONS.get(node.func);
  if (histogramFunction !== undefined) return evalHistogramFunction(evaluator, node, histogramFunction);
  const elementFunction = ELEMENT_FUNCTIONS.get(node.func);
  if (elementFunction !== undefined) return evalElements(evaluator, node, elementFunction);
  throw unsupported(`${node.func}()`);
}

function times(evaluator: Evaluator): ScalarOperand {
  return evaluator.newScalar((step) => (evaluator.grid.startMs + step * evaluator.grid.stepMs) / 1000);
}

async function evalElements(
  evaluator: Evaluator,
  node: CallNode,
  func: ElementFunction,
): Promise<VectorOperand> {
  const [vectorNode, ...scalarNodes] = node.args;
  const [vector, ...scalars] = await Promise.all([
    // The calendar functions speak of the evaluation time when they are given nothing.
    vectorNode === undefined ? asVector(evaluator, times(evaluator)) : evaluator.evaluateVector(vectorNode),
    ...scalarNodes.map((arg) => evaluator.evaluateScalar(arg)),
  ]);
  const floats = dropHistograms(evaluator, vector);
  const args = scalars.map((scalar) => scalar.values);
  const compute = func.bind(args);
  const keeps = func.keepsStep?.(args);
  const columns = [];
  for (const column of floats.columns) {
    if (evaluator.pacer.due) await evaluator.pacer.pause();
    const target = createOutputColumn(evaluator, floats, column, removeName(evaluator, column.labels));
    for (let step = 0; step < evaluator.grid.count; step++) {
      if (column.present[step] === 0) continue;
      const kept = keeps === undefined || keeps(step);
      target.present[step] = kept ? 1 : 0;
      if (kept) target.values[step] = compute(column.values[step]!, step);
    }
    columns.push(target);
  }
  evaluator.release(...scalars);
  return mergeSameLabels(evaluator, evaluator.vector(columns, floats.ordered));
}

async function evalVector(evaluator: Evaluator, node: CallNode): Promise<VectorOperand> {
  return asVector(evaluator, await evaluator.evaluateScalar(node.args[0]!));
}

function asVector(evaluator: Evaluator, scalar: ScalarOperand): VectorOperand {
  const present = new Uint8Array(evaluator.grid.count).fill(1);
  return evaluator.vector([{ labels: Labels.EMPTY, values: scalar.values, present }]);
}

/** Source: Prometheus, promql/functions.go (`funcScalar`): NaN unless there is exactly one sample. */
async function evalScalar(evaluator: Evaluator, node: CallNode): Promise<ScalarOperand> {
  const vector = await evaluator.evaluateVector(node.args[0]!);
  const result = evaluator.newScalar(() => NaN);
  const seen = new Uint8Array(evaluator.grid.count);
  for (const { values, present } of vector.columns) {
    if (evaluator.pacer.due) await evaluator.pacer.pause();
    for (let step = 0; step < evaluator.grid.count; step++) {
      if (present[step] !== 1) continue;
      result.values[step] = seen[step] === 0 ? values[step]! : NaN;
      seen[step] = 1;
    }
  }
  evaluator.release(vector);
  return result;
}

/**
 * The samples' own times for a selector, the step's time for anything else.
 *
 * Source: Prometheus, promql/engine.go (`rangeEvalTimestampFunctionOverVectorSelector`).
 */
async function evalTimestamp(evaluator: Evaluator, node: CallNode): Promise<VectorOperand> {
  const arg = node.args[0]!;
  const nameless = ({ labels }: Column): ColumnIdentity => removeName(evaluator, labels);
  if (arg.kind === 'selector') {
    return mergeSameLabels(
      evaluator,
      await mapIdentities(evaluator, await evalSelector(evaluator, arg, 'time'), nameless),
    );
  }
  const vector = evaluator.toOwned(await evaluator.evaluateVector(arg));
  const columns = vector.columns.map(({ labels, values, present }) => ({ labels, values, present }));
  for (const { values, present } of columns) {
    if (evaluator.pacer.due) await evaluator.pacer.pause();
    for (let step = 0; step < values.length; step++) {
      if (present[step] === 2) present[step] = 1;
      values[step] = (evaluator.grid.startMs + step * evaluator.grid.stepMs) / 1000;
    }
  }
  return mergeSameLabels(evaluator, await mapIdentities(evaluator, { ...vector, columns }, nameless));
}

/**
 * Since when the samples of a selector count; nothing for anything else, and where start timestamps are not stored.
 *
 * Source: Prometheus, promql/functions.go (`funcStartTimestamp`).
 */
async function evalStartTimestamp(evaluator: Evaluator, node: CallNode): Promise<VectorOperand> {
  const arg = node.args[0]!;
  if (arg.kind === 'selector') {
    const starts = await evalSelector(evaluator, arg, 'start');
    return mergeSameLabels(
      evaluator,
      await mapIdentities(evaluator, starts, ({ labels }) => removeName(evaluator, labels)),
    );
  }
  // What it is computed of may still fail, or have something to say.
  evaluator.release(await evaluator.evaluateVector(arg));
  return evaluator.vector([]);
}

async function evalAbsent(evaluator: Evaluator, node: CallNode): Promise<VectorOperand> {
  const vector = await evaluator.evaluateVector(node.args[0]!);
  const column = evaluator.newColumn(absentLabels(node));
  column.values.fill(1);
  column.present.fill(1);
  for (const { present } of vector.columns) {
    if (evaluator.pacer.due) await evaluator.pacer.pause();
    for (let step = 0; step < present.length; step++) if (present[step] !== 0) column.present[step] = 0;
  }
  evaluator.release(vector);
  return dropEmptyColumns(evaluator, evaluator.vector([column]));
}

function absentLabels({ func, absentLabels: labels }: CallNode): Labels {
  if (labels === undefined) throw new PromfedError('internal', `${func}() was planned without its labels`);
  return labels;
}

/** An instant vector by value, NaN last. The order of a range result means nothing. */
async function evalSort(evaluator: Evaluator, node: CallNode, descending: boolean): Promise<VectorOperand> {
  const vector = dropHistograms(evaluator, await evaluator.evaluateVector(node.args[0]!));
  if (!evaluator.isInstant) {
    evaluator.warn(ANNOTATION_TEXTS.sortInRangeQuery, node);
    return vector;
  }
  const columns = await sortPaced(evaluator.pacer, vector.columns, (a, b) => {
    const [x, y] = [a.values[0]!, b.values[0]!];
    if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y));
    if (x === y) return 0;
    return x < y === descending ? 1 : -1;
  });
  return { ...vector, columns, ordered: true };
}

async function evalSortByLabel(
  evaluator: Evaluator,
  node: CallNode,
  descending: boolean,
): Promise<VectorOperand> {
  return sortByLabel(evaluator, await evaluator.evaluateVector(node.args[0]!), texts(node), descending);
}

async function evalEither(
  evaluator: Evaluator,
  node: CallNode,
  choose: (a: number, b: number) => number,
): Promise<ScalarOperand> {
  const [a, b] = await Promise.all([
    evaluator.evaluateScalar(node.args[0]!),
    evaluator.evaluateScalar(node.args[1]!),
  ]);
  const result = evaluator.newScalar((step) => choose(a.values[step]!, b.values[step]!));
  evaluator.release(a, b);
  return result;
}

async function evalLabelReplace(evaluator: Evaluator, node: CallNode): Promise<VectorOperand> {
  const [dst, replacement, src, regex] = texts(node);
  const map = createLabelReplace(dst!, replacement!, src!, regex!);
  return mapLabels(evaluator, await evaluator.evaluateVector(node.args[0]!), map, dst!);
}

async function evalLabelJoin(evaluator: Evaluator, node: CallNode): Promise<VectorOperand> {
  const [dst, separator, ...sources] = texts(node);
  const map = createLabelJoin(dst!, separator!, sources);
  return mapLabels(evaluator, await evaluator.evaluateVector(node.args[0]!), map, dst!);
}

/** A label beyond so many characters counts against the budget, eight characters a sample: it may be of any length. */
const FREE_LABEL_CHARS = 1024;

async function mapLabels(
  evaluator: Evaluator,
  vector: VectorOperand,
  map: MapLabels,
  written: string,
): Promise<VectorOperand> {
  const relabelled = await mapIdentities(evaluator, vector, ({ labels, dropsName }) => {
    const mapped = map(labels);
    const excess = mapped.get(written).length - FREE_LABEL_CHARS;
    if (excess > 0) evaluator.rawBudget.reserve(Math.ceil(excess / 8));
    // A name that the query writes is one that it wants.
    return { labels: mapped, dropsName: dropsName && !(written === METRIC_NAME && mapped !== labels) };
  });
  return mergeSameLabels(evaluator, relabelled);
}

/** The arguments after the vector, all of them string literals. */
function texts({ func, args }: CallNode): string[] {
  return args.slice(1).map((arg) => {
    if (arg.kind !== 'string') throw new PromfedError('internal', `${func}() was given a ${arg.kind}`);
    return arg.value;
  });
}
