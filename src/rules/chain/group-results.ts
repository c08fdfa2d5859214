// The newest results of the recording rules of a group, for the rules that select them.

import {
  compileMatchers,
  METRIC_NAME,
  type Histogram,
  type Labels,
  type Matcher,
  type MissingGroup,
  type RawSeries,
  type TimeWindow,
} from '../../model/index.js';
import { selectorsByTime } from '../../promql/language/index.js';
import type { DependentRule } from '../group/dependencies.js';
import type { OutgoingSample } from '../ports.js';

/** The newest sample of a series; `stale` for a stale marker. */
interface Result {
  readonly labels: Labels;
  readonly timeMs: number;
  readonly value: number | Histogram | 'stale';
}

/** `none` until the rule has succeeded, `dropped` when there were too many series to keep. */
export type ResultState = 'none' | 'kept' | 'dropped';

/** The server groups whose series are missing in the result of a rule. */
export interface Loss {
  readonly missing: readonly MissingGroup[];
  /** Those that did not answer the query of the rule. The others are missing in results that it read. */
  readonly unanswered: readonly MissingGroup[];
  /** True when each series has the labels of the only missing group that it depends on, if any. */
  readonly isDisjoint: boolean;
}

export const NO_LOSS: Loss = { missing: [], unanswered: [], isDisjoint: true };

/** Maximum number of series of a group that are kept. A result has no more. */
const MAX_SERIES = 100_000;

/**
 * The results that other rules of the group may select. As in Prometheus' storage, a sample that is not later than the
 * newest one of its series is ignored. An instant selector reads no other sample than the newest one. Mutable; owned by
 * one group.
 */
export class GroupResults {
  readonly #rules: readonly DependentRule[];
  /** The positions of the rules that record a metric, by its name. */
  readonly #positions = new Map<string, number[]>();
  readonly #maxSeries: number;
  /** Newest samples by the keys of their labels, for each metric that is kept. */
  readonly #byName: ReadonlyMap<string, Map<string, Result>>;
  /** Names of the labels that results have had, for each metric that is kept. */
  readonly #labelNames: ReadonlyMap<string, Set<string>>;
  readonly #states: ResultState[];
  /** Number of series of the last result of each rule that is dropped. */
  readonly #droppedCounts: number[];
  readonly #losses: Loss[];
  /** Metrics with too many series. */
  readonly #dropped = new Set<string>();
  /** Number of series that have not ended. */
  #count = 0;
  #timeMs = -Infinity;

  /** @param isEnabled false to keep nothing. */
  constructor(rules: readonly DependentRule[], isEnabled: boolean, maxSeries = MAX_SERIES) {
    this.#rules = rules;
    this.#maxSeries = maxSeries;
    for (const [i, { kind, name }] of rules.entries()) {
      if (kind === 'recording') this.#positions.set(name, [...(this.#positions.get(name) ?? []), i]);
    }
    const names = isEnabled ? selectedNames(rules) : [];
    this.#byName = new Map([...names].map((name) => [name, new Map<string, Result>()]));
    this.#labelNames = new Map([...names].map((name) => [name, new Set<string>()]));
    this.#states = rules.map(() => 'none');
    this.#droppedCounts = rules.map(() => 0);
    this.#losses = rules.map(() => NO_LOSS);
  }

  /** Number of series that are kept and have not ended. */
  get seriesCount(): number {
    return this.#count;
  }

  /**
   * Begins an evaluation.
   *
   * @param timeMs time of the samples of the evaluation.
   */
  begin(timeMs: number): void {
    if (timeMs < this.#timeMs) this.#clear();
    this.#timeMs = timeMs;
    for (const results of this.#byName.values()) {
      for (const [key, { value }] of results) if (value === 'stale') results.delete(key);
    }
    if (this.#dropped.size > 0 && this.seriesCount + sum(this.#droppedCounts) <= this.#maxSeries) {
      this.#dropped.clear();
      this.#droppedCounts.fill(0);
    }
  }

  /** Moves the times of all results, for a clock that stepped back. */
  shiftTimes(byMs: number): void {
    this.#timeMs += byMs;
    for (const results of this.#byName.values()) {
      for (const [key, result] of results) results.set(key, { ...result, timeMs: result.timeMs + byMs });
    }
  }

  /**
   * Keeps the samples of a successful evaluation of a rule.
   *
   * @param samples includes stale markers.
   * @param loss the groups whose series are missing in the result.
   * @returns false when the results are dropped from now on, because there are too many.
   */
  update(position: number, samples: readonly OutgoingSample[], loss: Loss): boolean {
    const { kind, name } = this.#rules[position]!;
    const results = this.#byName.get(name);
    if (kind !== 'recording' || results === undefined) return true;
    this.#losses[position] = loss;
    const isDropped = this.#dropped.has(name);
    if (!isDropped) {
      this.append(samples);
      this.#states[position] = 'kept';
      if (this.seriesCount <= this.#maxSeries) return true;
      this.#dropped.add(name);
      for (const { value } of results.values()) if (value !== 'stale') this.#count--;
      results.clear();
      for (const i of this.positionsOf(name)) this.#states[i] = 'dropped';
    }
    this.#droppedCounts[position] = samples.length;
    return isDropped;
  }

  /** Appends samples of any rule, for example the stale markers of rules that were removed. */
  append(samples: readonly OutgoingSample[]): void {
    for (const { labels, timeMs, value, isStale } of samples) {
      const results = this.#byName.get(labels.metricName);
      const newest = results?.get(labels.key);
      if (results === undefined || (newest === undefined ? isStale : timeMs <= newest.timeMs)) continue;
      results.set(labels.key, { labels, timeMs, value: isStale ? 'stale' : value });
      if (newest !== undefined && newest.value !== 'stale') this.#count--;
      if (!isStale) this.#count++;
      if (newest === undefined) this.#addLabelNames(labels);
    }
  }

  /**
   * Takes over the results of the group that this one replaces.
   *
   * @param predecessors by position of a rule, the position of its predecessor in the other group.
   */
  adopt(previous: GroupResults, predecessors: ReadonlyMap<number, number>): void {
    this.#timeMs = previous.#timeMs;
    for (const [name, results] of this.#byName) {
      for (const [key, result] of previous.#byName.get(name) ?? []) {
        results.set(key, result);
        if (result.value !== 'stale') this.#count++;
        this.#addLabelNames(result.labels);
      }
    }
    for (const name of previous.#dropped) if (this.#byName.has(name)) this.#dropped.add(name);
    for (const [position, from] of predecessors) {
      this.#states[position] = previous.#states[from]!;
      this.#droppedCounts[position] = previous.#droppedCounts[from]!;
      this.#losses[position] = previous.#losses[from]!;
    }
  }

  /** Reports whether the results of a metric are kept when they exist. */
  keeps(name: string): boolean {
    return this.#byName.has(name);
  }

  /** The state of the results of a rule. */
  stateOf(position: number): ResultState {
    return this.#states[position]!;
  }

  /**
   * The groups whose series are missing in the results of a metric: one entry for each rule. Rules that read each other
   * pass on the groups that did not answer themselves, or else these would be missing for ever.
   *
   * @param reader position of the rule that reads.
   */
  lossesOf(name: string, reader: number): readonly Pick<Loss, 'missing' | 'isDisjoint'>[] {
    return this.positionsOf(name).map((position) => {
      const loss = this.#losses[position]!;
      return position < reader ? loss : { ...loss, missing: loss.unanswered };
    });
  }

  /** The positions of the rules that record a metric. */
  positionsOf(name: string): readonly number[] {
    return this.#positions.get(name) ?? [];
  }

  /** Reports whether a series of a metric has had the label. True for a metric that has had no series. */
  mayHaveLabel(name: string, label: string): boolean {
    const names = this.#labelNames.get(name)!;
    return names.size === 0 || names.has(label);
  }

  /** Returns the series that match, with their newest sample when it is in the window and no stale marker. */
  select(matchers: readonly Matcher[], { afterMs, untilMs }: TimeWindow): RawSeries[] {
    const matches = compileMatchers(matchers);
    const selected: RawSeries[] = [];
    for (const result of this.#byName.get(exactNameOf(matchers) ?? '')?.values() ?? []) {
      const { labels, timeMs, value } = result;
      if (value === 'stale' || timeMs <= afterMs || timeMs > untilMs || !matches(labels)) continue;
      selected.push({
        labels,
        timestamps: Float64Array.of(timeMs),
        values: Float64Array.of(typeof value === 'number' ? value : NaN),
        ...(typeof value === 'object' && { histograms: [asStored(value)] }),
      });
    }
    return selected;
  }

  #addLabelNames(labels: Labels): void {
    const names = this.#labelNames.get(labels.metricName)!;
    for (const name of labels.names()) names.add(name);
  }

  #clear(): void {
    for (const results of this.#byName.values()) results.clear();
    this.#count = 0;
    this.#states.fill('none');
    this.#droppedCounts.fill(0);
    this.#dropped.clear();
  }
}

/** The metric name that all series of a selector have; undefined when it is not fixed. */
export function exactNameOf(matchers: readonly Matcher[]): string | undefined {
  return matchers.find(({ name, op }) => name === METRIC_NAME && op === '=')?.value;
}

/** The metrics that rules of the group record and rules of the group may select. Template queries may select any. */
function selectedNames(rules: readonly DependentRule[]): ReadonlySet<string> {
  const recorded = new Set(rules.filter(({ kind }) => kind === 'recording').map(({ name }) => name));
  if (rules.some(({ hasTemplateQueries }) => hasTemplateQueries)) return recorded;
  const selectors = rules.flatMap(({ expr }) => selectorsByTime(expr).current);
  const selected = new Set(selectors.map(({ matchers }) => exactNameOf(matchers)));
  return new Set([...recorded].filter((name) => selected.has(name)));
}

/** Counter resets are not stored with the first sample of a series. Source: Prometheus, tsdb/chunkenc/float_histogram.go. */
function asStored(histogram: Histogram): Histogram {
  return histogram.hint === 'gauge' ? histogram : { ...histogram, hint: 'unknown' };
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
