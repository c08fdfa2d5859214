// The measurements of one run of a query: counters on every path, and samples and operators when they are read.

import type { SeriesFrame } from '../../json/index.js';
import type { Grid } from '../../model/index.js';
import { NO_OBSERVER, type EvalObserver } from '../../promql/eval/index.js';
import type { OperatorStats, PartStats, RunStats } from '../../promql/plan/index.js';
import type { AnswerStats, QueryStatistics } from '../query-engine.js';
import { FetchStats } from './fetch-stats.js';
import { OperatorTimes } from './operator-times.js';
import { createSampleCounts, type SampleCounts, type StatsDetail } from './sample-counts.js';

export interface QueryStatsOptions {
  readonly detail: StatsDetail;
  /** The steps of the query. */
  readonly grid: Grid;
  /** Records every operator that is evaluated. Default false. */
  readonly operators?: boolean;
}

/** Created at the start of a query and owned by it. */
export class QueryStats implements AnswerStats, RunStats {
  readonly #startMs = performance.now();
  /** By the key of the fetch or the selection, then by the name of the group. */
  readonly #parts = new Map<string, Map<string, FetchStats>>();
  /** Counts the samples that regions send. */
  readonly #counts: SampleCounts;
  /** Counts the samples of an answer that passes through, after merging. */
  readonly #passedCounts: SampleCounts;
  readonly #operators: OperatorTimes | undefined;
  #planMs = 0;
  #queueMs = 0;
  #endMs: number | undefined;
  /** Undefined for an answer that passes through. */
  #peakSamples: number | undefined;
  /** The series and samples of an answer that passes through that have been read so far. */
  readonly passed = { series: 0, samples: 0 };

  constructor({ detail, grid, operators = false }: QueryStatsOptions) {
    this.#counts = createSampleCounts(detail, grid);
    this.#passedCounts = createSampleCounts(detail === 'counters' ? 'counters' : 'samples', grid);
    this.#operators = operators ? new OperatorTimes(this.elapsedMs) : undefined;
  }

  /** Milliseconds since the start of the query. */
  readonly elapsedMs = (): number => performance.now() - this.#startMs;

  /** Records the operators of an evaluation. */
  get observer(): EvalObserver {
    return this.#operators ?? NO_OBSERVER;
  }

  /**
   * Records that the query was admitted.
   *
   * @param sinceMs start of its wait, in milliseconds since the start of the query.
   */
  admitted(sinceMs: number): void {
    this.#queueMs += this.elapsedMs() - sinceMs;
  }

  /**
   * Records that the query was planned.
   *
   * @param sinceMs start of the planning, in milliseconds since the start of the query.
   */
  planned(sinceMs: number): void {
    this.#planMs += this.elapsedMs() - sinceMs;
  }

  /**
   * Records that the result is complete.
   *
   * @param peakSamples the largest number of samples held at once.
   */
  evaluated(peakSamples: number): void {
    this.#endMs = this.elapsedMs();
    this.#peakSamples = peakSamples;
  }

  /** Records series of an answer that passes through. */
  passing(batch: readonly SeriesFrame[]): void {
    this.passed.series += batch.length;
    this.passed.samples += this.#passedCounts.addFrames(batch);
  }

  /** Returns the measurements of a fetch or a selection. Requests of equal fetches are counted together. */
  fetch(key: string): FetchGroups {
    let groups = this.#parts.get(key);
    if (groups === undefined) this.#parts.set(key, (groups = new Map<string, FetchStats>()));
    return new FetchGroups(groups, this.elapsedMs, this.#counts);
  }

  part(key: string, group: string): PartStats | undefined {
    return this.#parts.get(key)?.get(group)?.read();
  }

  operator(node: object): OperatorStats | undefined {
    return this.#operators?.get(node);
  }

  read(): QueryStatistics {
    const totalMs = (this.#endMs ?? this.elapsedMs()) - this.#queueMs;
    let samples = 0;
    for (const groups of this.#parts.values()) for (const part of groups.values()) samples += part.samples;
    const perStep = this.#counts.perStep();
    return {
      timings: {
        evalTotalTime: totalMs / 1000,
        resultSortTime: 0,
        queryPreparationTime: this.#planMs / 1000,
        innerEvalTime: (totalMs - this.#planMs) / 1000,
        execQueueTime: this.#queueMs / 1000,
        execTotalTime: totalMs / 1000,
      },
      samples: {
        ...(perStep && {
          totalQueryableSamplesPerStep: perStep.map(([timeMs, count]) => [timeMs / 1000, count]),
        }),
        totalQueryableSamples: samples,
        peakSamples: this.#peakSamples ?? this.passed.samples,
      },
    };
  }
}

/** The measurements of one fetch or selection, by group. */
class FetchGroups {
  readonly #groups: Map<string, FetchStats>;
  readonly #now: () => number;
  readonly #counts: SampleCounts;

  constructor(groups: Map<string, FetchStats>, now: () => number, counts: SampleCounts) {
    this.#groups = groups;
    this.#now = now;
    this.#counts = counts;
  }

  group(name: string): FetchStats {
    let stats = this.#groups.get(name);
    if (stats === undefined) this.#groups.set(name, (stats = new FetchStats(this.#now, this.#counts)));
    return stats;
  }
}
