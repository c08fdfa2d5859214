// Runs range functions: slides the windows of each series over the grid.

import { PromfedError, type Column, type Labels, type RawSeries } from '../../../model/index.js';
import {
  extendedFunction,
  extendedSamples,
  hasStartTimeOverlap,
  type Extension,
  type RangeFunction,
  type RunSteps,
  type Windows,
} from '../../functions/index.js';
import type { CallNode, PlanNode, RangeNode, SubqueryNode } from '../../plan/index.js';

import { requireDistinctLabels, removeName } from '../columns.js';
import { extendedWindowFunction } from '../histogram/extended-histograms.js';
import { runOnHistograms, windowFunction } from '../histogram/histogram-range.js';
import { ANNOTATION_TEXTS } from '../annotation-texts.js';
import { evalRange, type RangeOperand } from './range.js';
import { unsupported, type ScalarOperand, type Evaluator, type VectorOperand } from '../evaluator.js';

/** How many samples and steps to go through between two looks at the clock. */
const CHUNK = 20_000;

/** As so many floats a histogram counts: each of its buckets is looked at. */
const HISTOGRAM_COST = 50;

/** Names that counters end in. Source: Prometheus, promql/engine.go (`eval`, the end of calls on matrices). */
const COUNTER_SUFFIXES = ['_total', '_sum', '_count', '_bucket'];

function isRangeNode(node: PlanNode): node is RangeNode | SubqueryNode {
  return node.kind === 'range' || node.kind === 'subquery';
}

/**
 * A call of a range function: one column a series that has a result.
 *
 * @throws PromfedError `execution` when series cannot be told apart without their names.
 */
export async function evalRangeFunction(
  evaluator: Evaluator,
  node: CallNode,
  plain: RangeFunction,
): Promise<VectorOperand> {
  const rangeNode = rangeArgument(node);
  const func = extendedBy(node, rangeNode) ?? plain;
  const others = node.args.filter((arg) => arg !== rangeNode);
  const [range, ...scalars] = await Promise.all([
    evalRange(evaluator, rangeNode),
    ...others.map((arg) => evaluator.evaluateScalar(arg)),
  ]);
  if (range.series.length === 0) {
    evaluator.release(...scalars);
    return evaluator.vector([]);
  }
  const args = scalars.map((scalar) => scalar.values);
  const settle = settledBy(evaluator, range, func, scalars);
  const windows = new WindowScratch(evaluator, range);
  const columns: Column[] = [];
  for (const series of range.series) {
    if (evaluator.pacer.due) await evaluator.pacer.pause();
    if (series.timestamps.length === 0) continue;
    const { labels, dropsName } = func.keepsName
      ? { labels: series.labels, dropsName: undefined }
      : removeName(evaluator, series.labels);
    const column = series.histograms
      ? evaluator.newHistogramColumn(labels, dropsName)
      : evaluator.newColumn(labels, dropsName);
    const run = start(evaluator, node, func, { series, windows, args, column, at: rangeNode });
    const isCheap = func.slides && series.histograms === undefined;
    const sampleCost = isCheap ? 0 : series.histograms === undefined ? 1 : HISTOGRAM_COST;
    await runSteps(evaluator, windows, sampleCost, settle ? 1 : evaluator.grid.count, run);
    if (settle) {
      column.values.fill(column.values[0]!);
      column.present.fill(column.present[0]!);
      column.histograms?.fill(column.histograms[0]);
    }
    if (func.expectsCounter && column.present.includes(1)) noteCounter(evaluator, series.labels, rangeNode);
    if (plain.expectsCounter && func === plain) noteOverlap(evaluator, series, windows, rangeNode);
    columns.push(column);
  }
  if (func.hasQuantileArgument) warnOfQuantile(evaluator, args[0]!, columns, node.args[0]!);
  windows.release();
  evaluator.rawBudget.release(range.held);
  evaluator.release(...scalars);
  return requireDistinctLabels(evaluator, evaluator.vector(columns));
}

/** The function as it works on a range with `anchored` or `smoothed`; undefined for any other range. */
function extendedBy(node: CallNode, rangeNode: RangeNode | SubqueryNode): RangeFunction | undefined {
  const extension = extensionOf(rangeNode);
  if (extension === undefined) return undefined;
  const extended = extendedFunction(node.func, extension);
  if (typeof extended === 'string') throw new PromfedError('execution', extended);
  return extended;
}

function extensionOf(node: RangeNode | SubqueryNode): Extension | undefined {
  return node.kind === 'range' ? node.selector.extension : undefined;
}

/** A range with an extension as it is returned: each series with a sample at either edge. */
export async function extendSeries(
  evaluator: Evaluator,
  range: RangeOperand,
  extension: Extension,
): Promise<RangeOperand> {
  if (range.series.some(({ histograms }) => histograms !== undefined)) {
    throw unsupported(`a range vector with ${extension} of native histograms`);
  }
  const windows = new WindowScratch(evaluator, range);
  const series: RawSeries[] = [];
  let held = 0;
  for (const one of range.series) {
    if (evaluator.pacer.due) await evaluator.pacer.pause();
    const samples = extendedSamples(windows.of(one), extension);
    if (samples === undefined) continue;
    const taken = samples.timestamps.length;
    evaluator.rawBudget.reserve(taken);
    held += taken;
    series.push({ labels: one.labels, ...samples });
  }
  windows.release();
  evaluator.rawBudget.release(range.held);
  return { ...range, series, held };
}

interface SeriesRun {
  readonly series: RawSeries;
  readonly windows: WindowScratch;
  readonly args: readonly Float64Array[];
  readonly column: Column;
  readonly at: RangeNode | SubqueryNode;
}

/** Prepares one series: floats as the function says, histograms as they are dealt with apart. */
function start(
  evaluator: Evaluator,
  { func: name, args: nodes }: CallNode,
  func: RangeFunction,
  run: SeriesRun,
): RunSteps {
  const { series, args, column, at } = run;
  const windows = run.windows.of(series);
  if (series.histograms === undefined) return func.start(windows, args, column);
  const target = { ...column, histograms: column.histograms! };
  const extension = extensionOf(at);
  const compute = extension === undefined ? windowFunction(name) : extendedWindowFunction(name, extension);
  if (compute !== undefined) {
    const floats = func.start(windows, args, column);
    const others = runOnHistograms(evaluator, compute, at, series, windows, target);
    return (fromStep, toStep) => {
      floats(fromStep, toStep);
      others(fromStep, toStep);
    };
  }
  const { series: floatSeries, from, to } = floatWindows(series, windows);
  const floats = func.start({ ...windows, ...floatSeries, from, to }, args, column);
  return (fromStep, toStep) => {
    floats(fromStep, toStep);
    for (let step = fromStep; step < toStep; step++) {
      const count = to[step]! - from[step]!;
      if (count === 0 || count === windows.to[step]! - windows.from[step]!) continue;
      // Prometheus points at the first argument, whichever the range is.
      evaluator.info(ANNOTATION_TEXTS.ignoredInRange(series.labels.metricName), nodes[0]!);
    }
  };
}

/** The floats of a series, and where in them each window begins and ends. */
function floatWindows(
  { labels, timestamps, values, histograms }: RawSeries,
  windows: Windows,
): { readonly series: RawSeries; readonly from: Int32Array; readonly to: Int32Array } {
  const before = new Int32Array(timestamps.length + 1);
  for (let i = 0; i < timestamps.length; i++) {
    before[i + 1] = before[i]! + (histograms![i] === undefined ? 1 : 0);
  }
  const isFloat = (_: number, i: number): boolean => histograms![i] === undefined;
  return {
    series: { labels, timestamps: timestamps.filter(isFloat), values: values.filter(isFloat) },
    from: windows.from.map((index) => before[index]!),
    to: windows.to.map((index) => before[index]!),
  };
}

/** `absent_over_time`: 1 with the given labels at each step whose window has no sample of any series. */
export async function evalAbsentOverTime(
  evaluator: Evaluator,
  node: CallNode,
  labels: Labels,
): Promise<VectorOperand> {
  const rangeNode = rangeArgument(node);
  extendedBy(node, rangeNode);
  const range = await evalRange(evaluator, rangeNode);
  const column = evaluator.newColumn(labels);
  column.values.fill(1);
  column.present.fill(1);
  const windows = new WindowScratch(evaluator, range);
  for (const series of range.series) {
    if (evaluator.pacer.due) await evaluator.pacer.pause();
    const { from, to } = windows.of(series);
    for (let step = 0; step < evaluator.grid.count; step++)
      if (to[step]! > from[step]!) column.present[step] = 0;
  }
  windows.release();
  evaluator.rawBudget.release(range.held);
  return requireDistinctLabels(evaluator, evaluator.vector([column]));
}

function rangeArgument(node: CallNode): RangeNode | SubqueryNode {
  const found = node.args.find(isRangeNode);
  if (found === undefined) throw unsupported(`${node.func}() of anything but a range selector or a subquery`);
  return found;
}

/** Whether the first step's result is that of every step: one window for all, by `@`, and nothing else differs. */
function settledBy(
  evaluator: Evaluator,
  range: RangeOperand,
  func: RangeFunction,
  scalars: readonly ScalarOperand[],
): boolean {
  if (evaluator.isInstant) return false;
  if (range.times.stepMs !== 0 || func.dependsOnStepTime) return false;
  return scalars.every(({ values }) => values.every((value) => Object.is(value, values[0])));
}

/** Runs all steps, pausing by what they and the samples of their windows cost. */
async function runSteps(
  evaluator: Evaluator,
  { from, to }: WindowScratch,
  sampleCost: number,
  count: number,
  run: (fromStep: number, toStep: number) => void,
): Promise<void> {
  let start = 0;
  while (start < count) {
    let end = start;
    let cost = 0;
    for (; end < count && cost < CHUNK; end++) cost += 1 + sampleCost * (to[end]! - from[end]!);
    run(start, end);
    start = end;
    if (start < count && evaluator.pacer.due) await evaluator.pacer.pause();
  }
}

/** The windows of one series after another, in the same two arrays. */
class WindowScratch {
  readonly from: Int32Array;
  readonly to: Int32Array;
  readonly #evaluator: Evaluator;
  readonly #range: RangeOperand;

  constructor(evaluator: Evaluator, range: RangeOperand) {
    evaluator.budget.reserve(evaluator.grid.count);
    this.from = new Int32Array(evaluator.grid.count);
    this.to = new Int32Array(evaluator.grid.count);
    this.#evaluator = evaluator;
    this.#range = range;
  }

  release(): void {
    this.#evaluator.budget.release(this.#evaluator.grid.count);
  }

  /** Valid until the next call. */
  of({ timestamps, values, startTimestamps }: RawSeries): Windows {
    const { grid } = this.#evaluator;
    const { times, rangeMs, beforeMs = 0, afterMs = 0 } = this.#range;
    let first = 0;
    let end = 0;
    for (let step = 0; step < grid.count; step++) {
      const endMs = times.firstMs + step * times.stepMs;
      while (end < timestamps.length && timestamps[end]! <= endMs + afterMs) end++;
      while (first < end && timestamps[first]! <= endMs - rangeMs - beforeMs) first++;
      this.from[step] = first;
      this.to[step] = end;
    }
    return {
      timestamps,
      values,
      startTimestamps,
      from: this.from,
      to: this.to,
      rangeMs,
      firstEndMs: times.firstMs,
      endStepMs: times.stepMs,
      gridStartMs: grid.startMs,
      gridStepMs: grid.stepMs,
    };
  }
}

/** Only quantiles that were asked of samples are warned of. */
function warnOfQuantile(
  evaluator: Evaluator,
  q: Float64Array,
  columns: readonly Column[],
  at: PlanNode,
): void {
  const warned = new Set<number>();
  q.forEach((value, step) => {
    if ((value >= 0 && value <= 1) || warned.has(value)) return;
    if (!columns.some(({ present }) => present[step] === 1)) return;
    warned.add(value);
    evaluator.warn(ANNOTATION_TEXTS.invalidQuantile(value), at);
  });
}

/**
 * Warns of a counter whose samples claim to count from before the sample before them, in any window.
 *
 * Source: Prometheus, promql/functions.go (`extrapolatedRate`, `histogramRate`).
 */
function noteOverlap(
  evaluator: Evaluator,
  { labels, histograms, ...samples }: RawSeries,
  { from, to }: WindowScratch,
  at: PlanNode,
): void {
  if (samples.startTimestamps === undefined) return;
  /** Of each sample, the last up to it that starts too early. */
  const latest = new Int32Array(samples.timestamps.length);
  for (let i = 1; i < latest.length; i++) latest[i] = hasStartTimeOverlap(samples, i) ? i : latest[i - 1]!;
  for (let step = 0; step < evaluator.grid.count; step++) {
    const [first, end] = [from[step]!, to[step]!];
    if (end <= first || latest[end - 1]! <= first) continue;
    // Floats and histograms in one window have no result.
    const kinds = new Set(histograms?.slice(first, end).map((histogram) => histogram === undefined));
    if (kinds.size > 1) continue;
    evaluator.warn(ANNOTATION_TEXTS.startTimeOverlap(labels.metricName), at);
    return;
  }
}

function noteCounter(evaluator: Evaluator, { metricName }: Labels, at: PlanNode): void {
  if (metricName === '' || COUNTER_SUFFIXES.some((suffix) => metricName.endsWith(suffix))) return;
  evaluator.info(ANNOTATION_TEXTS.possibleNonCounter(metricName), at);
}
