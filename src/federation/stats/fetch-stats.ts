// The measurements of one group's answers to one fetch or one selection of raw samples.

import type { ResponseTrailer, SeriesFrame } from '../../json/index.js';
import { asPromfedError, cutText, type RawSeries } from '../../model/index.js';
import type { PartStats } from '../../promql/plan/index.js';
import type { ExchangeStats } from '../../upstreams/index.js';
import type { SampleCounts } from './sample-counts.js';

/** Records the requests to one group and their answers. */
export interface FetchRecorder extends ExchangeStats {
  /** Called before a request is sent to the group. */
  requested(): void;
  /** Called when series have arrived. */
  received(batch: readonly SeriesFrame[]): void;
  receivedRaw(series: readonly RawSeries[]): void;
  /** Called when an answer has been read to its end. */
  ended(trailer: ResponseTrailer): void;
  failed(thrown: unknown): void;
}

const ignore = (): void => undefined;

/** The recorder of requests that are not part of a query. Records nothing. */
export const NO_STATS: FetchRecorder = {
  requested: ignore,
  answered: ignore,
  closed: ignore,
  received: ignore,
  receivedRaw: ignore,
  ended: ignore,
  failed: ignore,
};

const NO_WARNINGS: readonly string[] = [];

/** Maximum length of the warnings of one group, and of its error: a query may have thousands of fetches. */
const MAX_TEXT_CHARS = 1000;

export class FetchStats implements FetchRecorder {
  requests = 0;
  firstByteMs: number | undefined;
  endMs: number | undefined;
  bytes = 0;
  series = 0;
  samples = 0;
  error: string | undefined;
  #warnings: WarningTexts | undefined;
  readonly #now: () => number;
  readonly #counts: SampleCounts;

  /** @param now milliseconds since the start of the query. */
  constructor(now: () => number, counts: SampleCounts) {
    this.#now = now;
    this.#counts = counts;
  }

  requested(): void {
    this.requests++;
  }

  answered(): void {
    this.firstByteMs ??= this.#now();
  }

  closed(bytes: number): void {
    this.bytes += bytes;
  }

  received(batch: readonly SeriesFrame[]): void {
    this.series += batch.length;
    this.samples += this.#counts.addFrames(batch);
  }

  receivedRaw(series: readonly RawSeries[]): void {
    this.series += series.length;
    this.samples += this.#counts.addRaw(series);
  }

  ended({ warnings }: ResponseTrailer): void {
    this.endMs = this.#now();
    for (const text of warnings) (this.#warnings ??= new WarningTexts()).add(text);
  }

  failed(thrown: unknown): void {
    this.error ??= cutText(asPromfedError(thrown).message, MAX_TEXT_CHARS);
  }

  /** The measurements so far, as plain data. */
  read(): PartStats {
    const { requests, firstByteMs, endMs, bytes, series, samples, error } = this;
    const warnings = this.#warnings?.list() ?? NO_WARNINGS;
    return { requests, firstByteMs, endMs, bytes, series, samples, warnings, error };
  }
}

/**
 * The distinct warnings of one group, cut after `MAX_TEXT_CHARS` together. Further ones are counted; the same warning of two
 * answers counts twice.
 */
class WarningTexts {
  readonly #kept = new Set<string>();
  #leftChars = MAX_TEXT_CHARS;
  #omitted = 0;

  add(text: string): void {
    if (this.#kept.has(text)) return;
    if (this.#leftChars <= 0) {
      this.#omitted++;
      return;
    }
    this.#kept.add(cutText(text, this.#leftChars));
    this.#leftChars -= text.length;
  }

  list(): readonly string[] {
    const kept = [...this.#kept];
    return this.#omitted === 0 ? kept : [...kept, `${this.#omitted} more warnings omitted`];
  }
}
