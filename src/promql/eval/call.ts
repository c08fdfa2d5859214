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
import {
  distinct,
  floatsOf,
  relabel,
  targetFor,
  withoutEmpty,
  withoutName,
  type Identity,
} from './columns.js';
import { evalHistogramFunction, HISTOGRAM_FUNCTIONS } from './histogram/histogram-functions.js';
import { evalHistogramFraction, evalHistogramQuantile } from './histogram/histogram-quantile.js';
import { evalHistogramQuantiles } from './histogram/histogram-quantiles.js';
import { evalInfo } from './info.js';
import { evalAbsentOverTime, evalRangeFunction } from './range/range-function.js';
import { unsupported, type Operand, type ScalarOperand, type Scope, type VectorOperand } from './scope.js';
import { evalSelector } from './selector.js';
import { sortByLabel } from './sort-by-label.js';

type EvaluateCall = (scope: Scope, node: CallNode) => Operand | Promise<Operand>;

/** Functions that are neither elementwise nor of a range, each with its own way. */
const SPECIAL_FUNCTIONS: ReadonlyMap<string, EvaluateCall> = new Map<string, EvaluateCall>([
  ['time', (scope) => times(scope)],
  ['pi', (scope) => scope.newScalar(() => Math.PI)],
  ['vector', evalVector],
  ['scalar', evalScalar],
  ['timestamp', evalTimestamp],
  ['start_timestamp', evalStartTimestamp],
  ['absent', evalAbsent],
  ['absent_over_time', (scope, node) => evalAbsentOverTime(scope, node, absentLabels(node))],
  ['sort', (scope, node) => evalSort(scope, node, false)],
  ['sort_desc', (scope, node) => evalSort(scope, node, true)],
  ['label_replace', evalLabelReplace],
  ['label_join', evalLabelJoin],
  ['sort_by_label', (scope, node) => evalSortByLabel(scope, node, false)],
  ['sort_by_label_desc', (scope, node) => evalSortByLabel(scope, node, true)],
  ['histogram_quantile', (scope, node) => evalHistogramQuantile(scope, node)],
  ['histogram_quantiles', evalHistogramQuantiles],
  ['histogram_fraction', evalHistogramFraction],
  ['info', evalInfo],
  ['min_of', (scope, node) => evalEither(scope, node, goMin)],
  ['max_of', (scope, node) => evalEither(scope, node, goMax)],
]);

/** Whether calls of the function can be evaluated. */
export function isBuiltFunction(name: string): boolean {
  return [SPECIAL_FUNCTIONS, RANGE_FUNCTIONS, ELEMENT_FUNCTIONS, HISTOGRAM_FUNCTIONS].some((table) =>
    table.has(name),
  );
}

export async function evalCall(scope: Scope, node: CallNode): Promise<Operand> {
  const special = SPECIAL_FUNCTIONS.get(node.func);
  if (special !== undefined) return special(scope, node);
  const rangeFunction = RANGE_FUNCTIONS.get(node.func);
  if (rangeFunction !== undefined) return evalRangeFunction(scope, node, rangeFunction);
  const histogramFunction = HISTOGRAM_FUNCTIONS.get(node.func);
  if (histogramFunction !== undefined) return evalHistogramFunction(scope, node, histogramFunction);
  const elementFunction = ELEMENT_FUNCTIONS.get(node.func);
  if (elementFunction !== undefined) return evalElements(scope, node, elementFunction);
  throw unsupported(`${node.func}()`);
}

function times(scope: Scope): ScalarOperand {
  return scope.newScalar((step) => (scope.grid.startMs + step * scope.grid.stepMs) / 1000);
}

async function evalElements(scope: Scope, node: CallNode, func: ElementFunction): Promise<VectorOperand> {
  const [vectorNode, ...scalarNodes] = node.args;
  const [vector, ...scalars] = await Promise.all([
    // The calendar functions speak of the evaluation time when they are given nothing.
    vectorNode === undefined ? asVector(scope, times(scope)) : scope.vectorOf(vectorNode),
    ...scalarNodes.map((arg) => scope.scalarOf(arg)),
  ]);
  const floats = floatsOf(scope, vector);
  const args = scalars.map((scalar) => scalar.values);
  const compute = func.bind(args);
  const keeps = func.keepsStep?.(args);
  const columns = [];
  for (const column of floats.columns) {
    if (scope.pacer.due) await scope.pacer.pause();
    const target = targetFor(scope, floats, column, withoutName(scope, column.labels));
    for (let step = 0; step < scope.grid.count; step++) {
      if (column.present[step] === 0) continue;
      const kept = keeps === undefined || keeps(step);
      target.present[step] = kept ? 1 : 0;
      if (kept) target.values[step] = compute(column.values[step]!, step);
    }
    columns.push(target);
  }
  scope.release(...scalars);
  return distinct(scope, scope.vector(columns, floats.ordered));
}

async function evalVector(scope: Scope, node: CallNode): Promise<VectorOperand> {
  return asVector(scope, await scope.scalarOf(node.args[0]!));
}

function asVector(scope: Scope, scalar: ScalarOperand): VectorOperand {
  const present = new Uint8Array(scope.grid.count).fill(1);
  return scope.vector([{ labels: Labels.EMPTY, values: scalar.values, present }]);
}

/** Source: Prometheus, promql/functions.go (`funcScalar`): NaN unless there is exactly one sample. */
async function evalScalar(scope: Scope, node: CallNode): Promise<ScalarOperand> {
  const vector = await scope.vectorOf(node.args[0]!);
  const result = scope.newScalar(() => NaN);
  const seen = new Uint8Array(scope.grid.count);
  for (const { values, present } of vector.columns) {
    if (scope.pacer.due) await scope.pacer.pause();
    for (let step = 0; step < scope.grid.count; step++) {
      if (present[step] !== 1) continue;
      result.values[step] = seen[step] === 0 ? values[step]! : NaN;
      seen[step] = 1;
    }
  }
  scope.release(vector);
  return result;
}

/**
 * The samples' own times for a selector, the step's time for anything else.
 *
 * Source: Prometheus, promql/engine.go (`rangeEvalTimestampFunctionOverVectorSelector`).
 */
async function evalTimestamp(scope: Scope, node: CallNode): Promise<VectorOperand> {
  const arg = node.args[0]!;
  const nameless = ({ labels }: Column): Identity => withoutName(scope, labels);
  if (arg.kind === 'selector') {
    return distinct(scope, await relabel(scope, await evalSelector(scope, arg, 'time'), nameless));
  }
  const vector = scope.own(await scope.vectorOf(arg));
  const columns = vector.columns.map(({ labels, values, present }) => ({ labels, values, present }));
  for (const { values, present } of columns) {
    if (scope.pacer.due) await scope.pacer.pause();
    for (let step = 0; step < values.length; step++) {
      if (present[step] === 2) present[step] = 1;
      values[step] = (scope.grid.startMs + step * scope.grid.stepMs) / 1000;
    }
  }
  return distinct(scope, await relabel(scope, { ...vector, columns }, nameless));
}

/**
 * Since when the samples of a selector count; nothing for anything else, and where start timestamps are not stored.
 *
 * Source: Prometheus, promql/functions.go (`funcStartTimestamp`).
 */
async function evalStartTimestamp(scope: Scope, node: CallNode): Promise<VectorOperand> {
  const arg = node.args[0]!;
  if (arg.kind === 'selector') {
    const starts = await evalSelector(scope, arg, 'start');
    return distinct(scope, await relabel(scope, starts, ({ labels }) => withoutName(scope, labels)));
  }
  // What it is computed of may still fail, or have something to say.
  scope.release(await scope.vectorOf(arg));
  return scope.vector([]);
}

async function evalAbsent(scope: Scope, node: CallNode): Promise<VectorOperand> {
  const vector = await scope.vectorOf(node.args[0]!);
  const column = scope.newColumn(absentLabels(node));
  column.values.fill(1);
  column.present.fill(1);
  for (const { present } of vector.columns) {
    if (scope.pacer.due) await scope.pacer.pause();
    for (let step = 0; step < present.length; step++) if (present[step] !== 0) column.present[step] = 0;
  }
  scope.release(vector);
  return withoutEmpty(scope, scope.vector([column]));
}

function absentLabels({ func, absentLabels: labels }: CallNode): Labels {
  if (labels === undefined) throw new PromfedError('internal', `${func}() was planned without its labels`);
  return labels;
}

/** An instant vector by value, NaN last. The order of a range result means nothing. */
async function evalSort(scope: Scope, node: CallNode, descending: boolean): Promise<VectorOperand> {
  const vector = floatsOf(scope, await scope.vectorOf(node.args[0]!));
  if (!scope.isInstant) {
    scope.warn('sort is ineffective for range queries since results are always ordered by labels', node);
    return vector;
  }
  const columns = await sortPaced(scope.pacer, vector.columns, (a, b) => {
    const [x, y] = [a.values[0]!, b.values[0]!];
    if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y));
    if (x === y) return 0;
    return x < y === descending ? 1 : -1;
  });
  return { ...vector, columns, ordered: true };
}

async function evalSortByLabel(scope: Scope, node: CallNode, descending: boolean): Promise<VectorOperand> {
  return sortByLabel(scope, await scope.vectorOf(node.args[0]!), texts(node), descending);
}

async function evalEither(
  scope: Scope,
  node: CallNode,
  choose: (a: number, b: number) => number,
): Promise<ScalarOperand> {
  const [a, b] = await Promise.all([scope.scalarOf(node.args[0]!), scope.scalarOf(node.args[1]!)]);
  const result = scope.newScalar((step) => choose(a.values[step]!, b.values[step]!));
  scope.release(a, b);
  return result;
}

async function evalLabelReplace(scope: Scope, node: CallNode): Promise<VectorOperand> {
  const [dst, replacement, src, regex] = texts(node);
  const map = createLabelReplace(dst!, replacement!, src!, regex!);
  return mapLabels(scope, await scope.vectorOf(node.args[0]!), map, dst!);
}

async function evalLabelJoin(scope: Scope, node: CallNode): Promise<VectorOperand> {
  const [dst, separator, ...sources] = texts(node);
  const map = createLabelJoin(dst!, separator!, sources);
  return mapLabels(scope, await scope.vectorOf(node.args[0]!), map, dst!);
}

/** A label beyond so many characters counts against the budget, eight characters a sample: it may be of any length. */
const FREE_LABEL_CHARS = 1024;

async function mapLabels(
  scope: Scope,
  vector: VectorOperand,
  map: MapLabels,
  written: string,
): Promise<VectorOperand> {
  const relabelled = await relabel(scope, vector, ({ labels, dropsName }) => {
    const mapped = map(labels);
    const excess = mapped.get(written).length - FREE_LABEL_CHARS;
    if (excess > 0) scope.rawBudget.reserve(Math.ceil(excess / 8));
    // A name that the query writes is one that it wants.
    return { labels: mapped, dropsName: dropsName && !(written === METRIC_NAME && mapped !== labels) };
  });
  return distinct(scope, relabelled);
}

/** The arguments after the vector, all of them string literals. */
function texts({ func, args }: CallNode): string[] {
  return args.slice(1).map((arg) => {
    if (arg.kind !== 'string') throw new PromfedError('internal', `${func}() was given a ${arg.kind}`);
    return arg.value;
  });
}
