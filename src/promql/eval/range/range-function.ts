// Calls of range functions, on floats and native histograms.

import { histogramWeight, maxOf, type Column, type RawSeries } from '../../../model/index.js';
import type { RangeFunction, RunSteps, Windows } from '../../functions/index.js';
import type { CallNode, PlanNode, RangeNode, SubqueryNode } from '../../plan/index.js';
import { ANNOTATION_TEXTS } from '../annotation-texts.js';
import { removeName, requireDistinctLabels } from '../columns.js';
import { unsupported, type Evaluator, type HistogramColumn, type VectorOperand } from '../evaluator.js';
import { tryExtendedWindowFunction } from '../histogram/extended-histograms.js';
import { runOnHistograms, tryWindowFunction } from '../histogram/histogram-range.js';
import { extensionOf, tryExtendedFunction } from './extension.js';
import { annotateNonCounter, annotateQuantiles, annotateStartTimeOverlap } from './range-annotations.js';
import { evalRange, type RangeOperand } from './range.js';
import { SlidingWindows, windowsOfFloats } from './sliding-windows.js';

/** Cost, in steps and samples, of the work between two checks of the pacer. */
const COST_PER_CHECK = 20_000;

/** Least cost of one native histogram, in float samples. Every bucket is visited. */
const MIN_HISTOGRAM_COST = 50;

/** Bytes of the copies of one sample that a function sorts. */
const COPY_BYTES = 16;

/**
 * Functions of the increase of a counter. Source: Thanos, pkg/dedup/iter.go (`isCounter`), which adjusts counters for the
 * same functions.
 */
const COUNTER_FUNCTIONS: ReadonlySet<string> = new Set(['rate', 'increase', 'irate', 'resets']);

/**
 * Evaluates a call of a range function: one column for each series with a result.
 *
 * @throws PromfedError `execution` when two series have the same labels after their names were removed.
 */
export async function evalRangeFunction(
  evaluator: Evaluator,
  node: CallNode,
  func: RangeFunction,
): Promise<VectorOperand> {
  const rangeNode = rangeArgument(node);
  const extended = tryExtendedFunction(node, rangeNode);
  const scalarNodes = node.args.filter((arg) => arg !== rangeNode);
  const [range, ...scalars] = await Promise.all([
    evalRange(evaluator, rangeNode),
    ...scalarNodes.map((arg) => evaluator.evaluateScalar(arg)),
  ]);
  if (range.series.length === 0) {
    evaluator.release(...scalars);
    return evaluator.vector([]);
  }
  const args = scalars.map((scalar) => scalar.values);
  const call = new RangeCall(evaluator, node, { func: extended ?? func, rangeNode, range, args });
  const columns = await call.run();
  evaluator.rawBudget.release(range.held);
  evaluator.release(...scalars);
  return requireDistinctLabels(evaluator, evaluator.vector(columns));
}

/**
 * Returns the range vector argument of a call.
 *
 * @throws PromfedError `unsupported` for an argument that is not a range selector or a subquery.
 */
export function rangeArgument(node: CallNode): RangeNode | SubqueryNode {
  const argument = node.args.find(isRangeNode);
  if (argument === undefined) {
    throw unsupported(`${node.func}() of an argument other than a range selector or a subquery`);
  }
  return argument;
}

function isRangeNode(node: PlanNode): node is RangeNode | SubqueryNode {
  return node.kind === 'range' || node.kind === 'subquery';
}

interface RangeCallInput {
  /** The function for the range with its modifier. */
  readonly func: RangeFunction;
  readonly rangeNode: RangeNode | SubqueryNode;
  readonly range: RangeOperand;
  /** The values of the scalar arguments, one for each step. */
  readonly args: readonly Float64Array[];
}

/** A call whose arguments have been evaluated. */
class RangeCall {
  readonly #evaluator: Evaluator;
  readonly #node: CallNode;
  readonly #input: RangeCallInput;
  readonly #windows: SlidingWindows;
  /** True when every step has the result of the first one, because `@` fixes the window. */
  readonly #isStepInvariant: boolean;

  constructor(evaluator: Evaluator, node: CallNode, input: RangeCallInput) {
    this.#evaluator = evaluator;
    this.#node = node;
    this.#input = input;
    this.#windows = new SlidingWindows(evaluator, input.range);
    this.#isStepInvariant = !evaluator.isInstant && isStepInvariant(input);
  }

  async run(): Promise<readonly Column[]> {
    const { pacer } = this.#evaluator;
    const { func, range, args } = this.#input;
    const sortedBytes = func.sorts
      ? COPY_BYTES * maxOf(range.series.map(({ timestamps }) => timestamps.length))
      : 0;
    this.#evaluator.rawBudget.reserveSorting(sortedBytes);
    const columns: Column[] = [];
    for (const series of range.series) {
      if (pacer.due) await pacer.pause();
      if (series.timestamps.length === 0) continue;
      const column = this.#newColumn(series);
      await this.#runSteps(await this.#start(series, column), this.#sampleCost(series));
      if (this.#isStepInvariant) {
        column.values.fill(column.values[0]!);
        column.present.fill(column.present[0]!);
        column.histograms?.fill(column.histograms[0]);
      }
      this.#annotate(series, column);
      columns.push(column);
    }
    if (func.hasQuantileArgument) {
      await annotateQuantiles(this.#evaluator, args[0]!, columns, this.#node.args[0]!);
    }
    this.#evaluator.rawBudget.releaseSorting(sortedBytes);
    this.#windows.release();
    return columns;
  }

  #newColumn(series: RawSeries): Column | HistogramColumn {
    const { func } = this.#input;
    const { labels, dropsName } = func.keepsName
      ? { labels: series.labels, dropsName: undefined }
      : removeName(this.#evaluator, series.labels);
    return series.histograms
      ? this.#evaluator.newHistogramColumn(labels, dropsName)
      : this.#evaluator.newColumn(labels, dropsName);
  }

  /** Prepares the computation of a series, which writes to `column`. */
  async #start(series: RawSeries, column: Column): Promise<RunSteps> {
    const { func, rangeNode, args } = this.#input;
    const windows = await this.#windows.slide(this.#counted(series));
    const { pacer } = this.#evaluator;
    if (series.histograms === undefined) return func.start(windows, args, column, pacer);
    const extension = extensionOf(rangeNode);
    const name = this.#node.func;
    const compute =
      extension === undefined ? tryWindowFunction(name) : tryExtendedWindowFunction(name, extension);
    if (compute === undefined) return this.#startIgnoringHistograms(series, windows, column);
    const runFloats = func.start(windows, args, column, pacer);
    const output = { ...column, histograms: column.histograms! };
    const runHistograms = runOnHistograms(this.#evaluator, compute, rangeNode, series, windows, output);
    return async (fromStep, toStep) => {
      await runFloats(fromStep, toStep);
      runHistograms(fromStep, toStep);
    };
  }

  /** Returns the series with the values that the function needs. */
  #counted(series: RawSeries): RawSeries {
    const { counterValues } = series;
    if (counterValues === undefined || !COUNTER_FUNCTIONS.has(this.#node.func)) return series;
    return { ...series, values: counterValues };
  }

  /** Prepares a function that ignores histograms: an info is added for windows that contain some besides floats. */
  #startIgnoringHistograms(series: RawSeries, windows: Windows, column: Column): RunSteps {
    const { func, args } = this.#input;
    const { from, to } = windows;
    const floats = windowsOfFloats(series, windows);
    const run = func.start(floats, args, column, this.#evaluator.pacer);
    return async (fromStep, toStep) => {
      await run(fromStep, toStep);
      for (let step = fromStep; step < toStep; step++) {
        const count = floats.to[step]! - floats.from[step]!;
        if (count === 0 || count === to[step]! - from[step]!) continue;
        // Prometheus uses the position of the first argument, even when the range is another one.
        const text = ANNOTATION_TEXTS.ignoredInRange(series.labels.metricName);
        this.#evaluator.info(text, this.#node.args[0]!);
      }
    };
  }

  /** The greatest cost of one sample of a series, in steps. */
  #sampleCost({ histograms }: RawSeries): number {
    if (histograms === undefined) return this.#input.func.slides ? 0 : 1;
    let cost = MIN_HISTOGRAM_COST;
    for (const histogram of histograms) {
      if (histogram !== undefined) cost = Math.max(cost, histogramWeight(histogram));
    }
    return cost;
  }

  /** Runs all steps, or the first of a step invariant call, with pauses after COST_PER_CHECK. */
  async #runSteps(run: RunSteps, sampleCost: number): Promise<void> {
    const { pacer, grid } = this.#evaluator;
    const { from, to } = this.#windows;
    const count = this.#isStepInvariant ? 1 : grid.count;
    let start = 0;
    while (start < count) {
      let end = start;
      let cost = 0;
      for (; end < count && cost < COST_PER_CHECK; end++) cost += 1 + sampleCost * (to[end]! - from[end]!);
      const running = run(start, end);
      if (running !== undefined) await running;
      start = end;
      if (start < count && pacer.due) await pacer.pause();
    }
  }

  #annotate(series: RawSeries, column: Column): void {
    const { func, rangeNode } = this.#input;
    if (!func.expectsCounter) return;
    if (column.present.includes(1)) annotateNonCounter(this.#evaluator, series.labels, rangeNode);
    if (extensionOf(rangeNode) === undefined) {
      annotateStartTimeOverlap(this.#evaluator, series, this.#windows, rangeNode);
    }
  }
}

function isStepInvariant({ func, range, args }: RangeCallInput): boolean {
  if (range.times.stepMs !== 0 || func.dependsOnStepTime) return false;
  return args.every((values) => values.every((value) => Object.is(value, values[0])));
}
