// info: adds the labels of info metrics, by default of `target_info`, to a vector.

import {
  appendAll,
  compileMatcher,
  Labels,
  METRIC_NAME,
  PromfedError,
  quotePattern,
  type Column,
  type Matcher,
} from '../../../model/index.js';
import type { CallNode } from '../../plan/index.js';

import { mergeSameLabels } from '../columns.js';
import { presenceOf, printLabels } from '../binary/matching.js';
import type { Evaluator, VectorOperand } from '../evaluator.js';
import { evalSelector } from '../selector.js';

/** The labels that a series and its info series have in common. */
const IDENTIFYING_LABELS: ReadonlySet<string> = new Set(['instance', 'job']);
const NAME: ReadonlySet<string> = new Set([METRIC_NAME]);

/**
 * Evaluates info: adds to each sample the data labels of the info series with the same `instance` and `job` at the same
 * step. The matchers of the second argument select the info metrics, by name, and the labels to add.
 *
 * Source: Prometheus, promql/info.go (`evalInfo`).
 *
 * @throws PromfedError `execution` for two info series of a metric with samples at the same time, for two info metrics
 *   with different values of a label, and for a native histogram of an info series at a step with samples in the vector.
 */
export async function evalInfo(evaluator: Evaluator, node: CallNode): Promise<VectorOperand> {
  const [inputNode] = node.args;
  const { info } = node;
  if (inputNode === undefined || info === undefined) {
    throw new PromfedError('internal', 'info() was planned without info series');
  }
  const input = await evaluator.evaluateVector(inputNode);
  const dataMatchers = info.selector.selection.matchers.filter(({ name }) => name !== METRIC_NAME);
  const isEnriched = createIsEnriched(info.infoNames);
  const enriched = input.columns.filter(isEnriched);
  const isIdentified = enriched.some(({ labels }) => labels.keep(IDENTIFYING_LABELS).size > 0);
  const present = await presenceOf(evaluator, input.columns);
  const timestamps = isIdentified
    ? await evalSelector(evaluator, info.selector, {
        field: 'timestamp',
        onHistogram: (step) => {
          if (present[step] !== 0) throw new PromfedError('execution', 'info sample should be float');
        },
        extraMatchers: identifyingMatchers(enriched),
      })
    : evaluator.vector([]);
  const addedNames = dataMatchers.length === 0 ? undefined : new Set(dataMatchers.map(({ name }) => name));
  const infoSeries = await InfoSeries.of(evaluator, timestamps, addedNames);
  const isOptional = dataMatchers.every((matcher) => compileMatcher(matcher)(''));
  const columns: Column[] = [];
  for (const column of input.columns) {
    if (evaluator.pacer.due) await evaluator.pacer.pause();
    if (isEnriched(column)) appendAll(columns, await infoSeries.enrich(column, isOptional));
    else columns.push(copy(evaluator, column));
  }
  evaluator.release(timestamps, input);
  return mergeSameLabels(evaluator, evaluator.vector(columns));
}

/** Returns the test for series to enrich: all that are not info series themselves. */
function createIsEnriched(names: readonly Matcher[]): (column: Column) => boolean {
  if (names.length === 0) return () => true;
  const tests = names.map(compileMatcher);
  return ({ labels }) => !tests.every((matches) => matches(labels.metricName));
}

/** Returns matchers that all info series of the columns satisfy, to reduce the number of series read. */
function identifyingMatchers(columns: readonly Column[]): Matcher[] {
  return [...IDENTIFYING_LABELS].flatMap((name) => {
    const values = new Set(columns.map(({ labels }) => labels.get(name)).filter((value) => value !== ''));
    if (values.size === 0) return [];
    const value = [...values].map(quotePattern).join('|');
    return [{ name, op: '=~' as const, value }];
  });
}

function copy(evaluator: Evaluator, { labels, dropsName, values, present, histograms }: Column): Column {
  const column = evaluator.newColumn(labels, dropsName);
  column.values.set(values);
  column.present.set(present);
  return histograms === undefined ? column : { ...column, histograms: histograms.slice() };
}

/** Number of info series that are visited, or of steps, between two checks of the pacer. */
const VISITED_EACH = 5000;

/** Info series by their identifying labels. The values of their columns are the timestamps of their samples. */
class InfoSeries {
  readonly #evaluator: Evaluator;
  /** Names of the data labels to add; undefined for all. */
  readonly #addedNames: ReadonlySet<string> | undefined;
  readonly #byIdentity = new Map<string, Map<string, Column[]>>();

  private constructor(evaluator: Evaluator, addedNames: ReadonlySet<string> | undefined) {
    this.#evaluator = evaluator;
    this.#addedNames = addedNames;
  }

  static async of(
    evaluator: Evaluator,
    { columns }: VectorOperand,
    addedNames: ReadonlySet<string> | undefined,
  ): Promise<InfoSeries> {
    const series = new InfoSeries(evaluator, addedNames);
    await series.#addAll(columns);
    return series;
  }

  async #addAll(columns: readonly Column[]): Promise<void> {
    for (const column of columns) {
      if (this.#evaluator.pacer.due) await this.#evaluator.pacer.pause();
      const { key } = column.labels.keep(IDENTIFYING_LABELS);
      let metrics = this.#byIdentity.get(key);
      if (metrics === undefined) this.#byIdentity.set(key, (metrics = new Map<string, Column[]>()));
      const { metricName } = column.labels;
      const series = metrics.get(metricName);
      if (series === undefined) metrics.set(metricName, [column]);
      else series.push(column);
    }
  }

  /**
   * Adds labels to a column: one column for each distinct set of labels over its steps. Unless `isOptional`, steps
   * without an info series have no result.
   */
  async enrich(column: Column, isOptional: boolean): Promise<Iterable<Column>> {
    const { pacer } = this.#evaluator;
    const metrics = [...(this.#byIdentity.get(column.labels.keep(IDENTIFYING_LABELS).key)?.values() ?? [])];
    const visitedEach = metrics.reduce((sum, series) => sum + series.length, 1);
    let visited = 0;
    const outputs = new Map<string, Column>();
    let current: string | undefined;
    let output: Column | undefined;
    for (let step = 0; step < column.present.length; step++) {
      visited += visitedEach;
      if (visited > VISITED_EACH) {
        visited = 0;
        if (pacer.due) await pacer.pause();
      }
      if (column.present[step] === 0) continue;
      const infos = metrics.map((series) => tryNewest(series, step)).filter((info) => info !== undefined);
      if (infos.length === 0 && !isOptional) continue;
      const infoKey = infos.map(({ labels }) => labels.key).join(' ');
      if (output === undefined || infoKey !== current) {
        current = infoKey;
        output = outputs.get(infoKey);
        if (output === undefined) {
          const labels = this.#dataLabels(column.labels, infos);
          output = this.#newOutput(column, column.labels.with(labels));
          outputs.set(infoKey, output);
        }
      }
      output.values[step] = column.values[step]!;
      output.present[step] = column.present[step]!;
      if (column.present[step] === 2) output.histograms![step] = column.histograms![step];
    }
    return outputs.values();
  }

  #newOutput({ dropsName, histograms }: Column, labels: Labels): Column {
    return histograms === undefined
      ? this.#evaluator.newColumn(labels, dropsName)
      : this.#evaluator.newHistogramColumn(labels, dropsName);
  }

  /** Returns the labels of info series that are to be added to a series, which keeps its own labels. */
  #dataLabels(base: Labels, infos: readonly Column[]): Labels {
    const added = new Map<string, string>();
    for (const { labels } of infos) {
      for (const [name, value] of labels.drop(NAME)) {
        if (this.#addedNames?.has(name) === false) continue;
        if ((added.get(name) ?? value) !== value) {
          throw new PromfedError('execution', `conflicting label: ${name}`);
        }
        if (!base.has(name)) added.set(name, value);
      }
    }
    return Labels.of(added);
  }
}

/** Returns the series of an info metric with the newest sample at a step, or `undefined` without a sample. */
function tryNewest(series: readonly Column[], step: number): Column | undefined {
  let newest: Column | undefined;
  for (const column of series) {
    if (column.present[step] === 0) continue;
    if (newest === undefined || column.values[step]! > newest.values[step]!) {
      newest = column;
    } else if (column.values[step] === newest.values[step]) {
      const timeMs = Math.round(newest.values[step]! * 1000);
      throw new PromfedError(
        'execution',
        `found duplicate series for info metric: existing ${printLabels(newest.labels)} @ ${timeMs}, new ${printLabels(column.labels)} @ ${timeMs}`,
      );
    }
  }
  return newest;
}
