// info(): a vector with the labels of info metrics, `target_info` above all, added.

import {
  compileMatcher,
  Labels,
  METRIC_NAME,
  PromfedError,
  type Column,
  type Matcher,
} from '../../model/index.js';
import type { CallNode } from '../plan/index.js';

import { mergeSameLabels } from './columns.js';
import { presenceOf } from './binary/matching.js';
import type { Evaluator, VectorOperand } from './evaluator.js';
import { evalSelector } from './selector.js';

/** The labels by which a series finds its info series. */
const IDENTIFYING: ReadonlySet<string> = new Set(['instance', 'job']);
const NAME: ReadonlySet<string> = new Set([METRIC_NAME]);

/**
 * Each sample with the data labels of the info series that have the same `instance` and `job` at the same step. The
 * matchers of the second argument choose the info metrics, by their names, and the labels that are added.
 *
 * Source: Prometheus, promql/info.go (`evalInfo`).
 *
 * @throws PromfedError `execution` when two info series of a metric, or two metrics on a label, contradict each other; and
 *   when an info series has a native histogram at a step at which there is anything to add labels to.
 */
export async function evalInfo(evaluator: Evaluator, node: CallNode): Promise<VectorOperand> {
  const [inputNode] = node.args;
  const { info } = node;
  if (inputNode === undefined || info === undefined) {
    throw new PromfedError('internal', 'info() was planned without its info series');
  }
  const input = await evaluator.evaluateVector(inputNode);
  const data = info.selector.selection.matchers.filter(({ name }) => name !== METRIC_NAME);
  const enriches = enricher(info.infoNames);
  const identifying = identities(input.columns.filter(enriches));
  const isIdentified = input.columns.some((one) => enriches(one) && one.labels.keep(IDENTIFYING).size > 0);
  const present = await presenceOf(evaluator.pacer, input.columns, evaluator.grid.count);
  const requireFloat = (step: number): void => {
    if (present[step] !== 0) throw new PromfedError('execution', 'info sample should be float');
  };
  const times = isIdentified
    ? await evalSelector(evaluator, info.selector, 'time', requireFloat, identifying)
    : evaluator.vector([]);
  const chosen = data.length === 0 ? undefined : new Set(data.map(({ name }) => name));
  const found = await InfoSeries.of(evaluator, times, chosen);
  const optional = data.every((matcher) => compileMatcher(matcher)(''));
  const columns: Column[] = [];
  for (const column of input.columns) {
    if (evaluator.pacer.due) await evaluator.pacer.pause();
    if (enriches(column)) columns.push(...found.enrich(column, optional));
    else columns.push(copy(evaluator, column));
  }
  evaluator.release(times, input);
  return mergeSameLabels(evaluator, evaluator.vector(columns));
}

/** Whether a series is one to be enriched, and not an info series itself. */
function enricher(names: readonly Matcher[]): (column: Column) => boolean {
  if (names.length === 0) return () => true;
  const tests = names.map(compileMatcher);
  return ({ labels }) => !tests.every((matches) => matches(labels.metricName));
}

/** Matchers that info series of any of the columns satisfy: fewer are read than there are. */
function identities(columns: readonly Column[]): Matcher[] {
  return [...IDENTIFYING].flatMap((name) => {
    const values = new Set(columns.map(({ labels }) => labels.get(name)).filter((value) => value !== ''));
    if (values.size === 0) return [];
    const value = [...values].map((one) => one.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|');
    return [{ name, op: '=~' as const, value }];
  });
}

function copy(evaluator: Evaluator, { labels, dropsName, values, present, histograms }: Column): Column {
  const column = evaluator.newColumn(labels, dropsName);
  column.values.set(values);
  column.present.set(present);
  return histograms === undefined ? column : { ...column, histograms: histograms.slice() };
}

/** Info series by what identifies them; the values of their columns are the times of their samples. */
class InfoSeries {
  readonly #evaluator: Evaluator;
  readonly #chosen: ReadonlySet<string> | undefined;
  readonly #byIdentity = new Map<string, Map<string, Column[]>>();

  private constructor(evaluator: Evaluator, chosen: ReadonlySet<string> | undefined) {
    this.#evaluator = evaluator;
    this.#chosen = chosen;
  }

  static async of(
    evaluator: Evaluator,
    { columns }: VectorOperand,
    chosen: ReadonlySet<string> | undefined,
  ): Promise<InfoSeries> {
    const series = new InfoSeries(evaluator, chosen);
    await series.#addAll(columns);
    return series;
  }

  async #addAll(columns: readonly Column[]): Promise<void> {
    for (const column of columns) {
      if (this.#evaluator.pacer.due) await this.#evaluator.pacer.pause();
      const { key } = column.labels.keep(IDENTIFYING);
      let metrics = this.#byIdentity.get(key);
      if (metrics === undefined) this.#byIdentity.set(key, (metrics = new Map<string, Column[]>()));
      const { metricName } = column.labels;
      const series = metrics.get(metricName);
      if (series === undefined) metrics.set(metricName, [column]);
      else series.push(column);
    }
  }

  /** The column once for each set of labels that it gets; nothing where it finds none that it needs. */
  enrich(column: Column, optional: boolean): Iterable<Column> {
    const metrics = [...(this.#byIdentity.get(column.labels.keep(IDENTIFYING).key)?.values() ?? [])];
    const targets = new Map<string, Column>();
    let current: string | undefined;
    let target: Column | undefined;
    for (let step = 0; step < column.present.length; step++) {
      if (column.present[step] === 0) continue;
      const infos = metrics.map((series) => newest(series, step)).filter((one) => one !== undefined);
      if (infos.length === 0 && !optional) continue;
      const identity = infos.map(({ labels }) => labels.key).join(' ');
      if (target === undefined || identity !== current) {
        current = identity;
        target = targets.get(identity);
        if (target === undefined) {
          const labels = this.#added(column.labels, infos);
          target = this.#newTarget(column, column.labels.with(labels));
          targets.set(identity, target);
        }
      }
      target.values[step] = column.values[step]!;
      target.present[step] = column.present[step]!;
      if (column.present[step] === 2) target.histograms![step] = column.histograms![step];
    }
    return targets.values();
  }

  #newTarget({ dropsName, histograms }: Column, labels: Labels): Column {
    return histograms === undefined
      ? this.#evaluator.newColumn(labels, dropsName)
      : this.#evaluator.newHistogramColumn(labels, dropsName);
  }

  #added(base: Labels, infos: readonly Column[]): Labels {
    const added = new Map<string, string>();
    for (const { labels } of infos) {
      for (const [name, value] of labels.drop(NAME)) {
        if (this.#chosen?.has(name) === false) continue;
        if ((added.get(name) ?? value) !== value) {
          throw new PromfedError('execution', `conflicting label: ${name}`);
        }
        if (!base.has(name)) added.set(name, value);
      }
    }
    return Labels.of(added);
  }
}

/** The one of an info metric's series with the newest sample at a step. */
function newest(series: readonly Column[], step: number): Column | undefined {
  let found: Column | undefined;
  for (const column of series) {
    if (column.present[step] === 0) continue;
    if (found === undefined || column.values[step]! > found.values[step]!) {
      found = column;
    } else if (column.values[step] === found.values[step]) {
      const timeMs = found.values[step]! * 1000;
      throw new PromfedError(
        'execution',
        `found duplicate series for info metric: existing ${found.labels.toString()} @ ${timeMs}, new ${column.labels.toString()} @ ${timeMs}`,
      );
    }
  }
  return found;
}
