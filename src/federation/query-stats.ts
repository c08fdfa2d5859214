// What a watched query took: every fetch of every group, and every operator that was evaluated here.

import {
  countSamples,
  type FrameStream,
  type ResponseTrailer,
  type SeriesFrame,
  transformFrames,
} from '../json/index.js';
import { asPromfedError } from '../model/index.js';
import type { EvalObserver } from '../promql/eval/index.js';
import {
  operands,
  type RunStats,
  type OperatorStats,
  type PartStats,
  type PlanNode,
} from '../promql/plan/index.js';
import type { ExchangeStats } from '../upstreams/index.js';

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] };

/** Takes the figures of one query, which it is made at the start of. */
export class QueryStats implements EvalObserver, RunStats {
  readonly #startMs = performance.now();
  readonly #parts = new Map<string, FetchStats>();
  readonly #beganMs = new Map<object, number>();
  readonly #operators = new Map<object, OperatorStats>();
  /** Of an answer that passes through, once it has been read. */
  readonly passed = { series: 0, samples: 0 };

  /** Milliseconds since the query's start. */
  readonly now = (): number => performance.now() - this.#startMs;

  /** The figures of one group's part of a fetch or a selection; the same ones whenever it is asked again. */
  partOf(key: string, group: string): FetchStats {
    const id = JSON.stringify([key, group]);
    const known = this.#parts.get(id) ?? new FetchStats(this.now);
    this.#parts.set(id, known);
    return known;
  }

  part(key: string, group: string): PartStats | undefined {
    return this.#parts.get(JSON.stringify([key, group]))?.figures;
  }

  began(node: PlanNode): void {
    if (!this.#beganMs.has(node)) this.#beganMs.set(node, this.now());
  }

  ended(node: PlanNode, { series, samples }: { readonly series: number; readonly samples: number }): void {
    const endMs = this.now();
    const below = operands(node).map((operand) => this.#operators.get(operand));
    const readyMs = below.reduce(
      (latest, operand) => Math.max(latest, operand?.endMs ?? 0),
      this.#beganMs.get(node) ?? endMs,
    );
    const sum = (name: 'series' | 'samples'): number =>
      below.reduce((total, operand) => total + (operand?.[name] ?? 0), 0);
    this.#operators.set(node, {
      timeMs: endMs - readyMs,
      endMs,
      seriesIn: sum('series'),
      samplesIn: sum('samples'),
      series,
      samples,
    });
  }

  operator(node: object): OperatorStats | undefined {
    return this.#operators.get(node);
  }

  /** Counts an answer that passes through. Takes `frames` over. */
  passing(frames: FrameStream): FrameStream {
    return counting(frames, this.passed, () => undefined);
  }
}

/** Takes the figures of one group's answers to one part of a plan. */
class FetchStats implements ExchangeStats {
  readonly #now: () => number;
  readonly #figures: Mutable<PartStats> = {
    requests: 0,
    firstByteMs: undefined,
    endMs: undefined,
    bytes: 0,
    series: 0,
    samples: 0,
    warnings: [],
    error: undefined,
  };

  constructor(now: () => number) {
    this.#now = now;
  }

  get figures(): PartStats {
    return { ...this.#figures };
  }

  /** Counts a request to the group, and notes its failure, which is passed on. */
  async asking<T>(ask: () => Promise<T>): Promise<T> {
    this.#figures.requests += 1;
    try {
      return await ask();
    } catch (thrown) {
      this.#failed(thrown);
      throw thrown;
    }
  }

  answered(): void {
    this.#figures.firstByteMs ??= this.#now();
  }

  closed(bytes: number): void {
    this.#figures.bytes += bytes;
  }

  /** Counts an answer while it is read. Takes `frames` over. */
  reading(frames: FrameStream): FrameStream {
    return counting(
      frames,
      this.#figures,
      (tail) => {
        this.read(0, 0, tail);
      },
      (thrown) => {
        this.#failed(thrown);
      },
    );
  }

  /** Notes an answer that has been read. */
  read(series: number, samples: number, { warnings }: ResponseTrailer): void {
    const figures = this.#figures;
    figures.endMs = this.#now();
    figures.series += series;
    figures.samples += samples;
    if (warnings.length > 0) figures.warnings = [...new Set([...figures.warnings, ...warnings])];
  }

  #failed(thrown: unknown): void {
    this.#figures.error ??= asPromfedError(thrown).message;
  }
}

function counting(
  frames: FrameStream,
  counts: { series: number; samples: number },
  ended: (tail: ResponseTrailer) => void,
  failed: (thrown: unknown) => void = () => undefined,
): FrameStream {
  return transformFrames(frames, {
    map(batch) {
      counts.series += batch.length;
      for (const frame of batch) counts.samples += samplesOf(frame);
      return batch;
    },
    finish(trailer) {
      ended(trailer);
      return trailer;
    },
    fail(thrown) {
      failed(thrown);
      throw thrown;
    },
  });
}

/** An instant series has one sample, under a name that says so. */
const INSTANT = /^"(?:value|histogram)":/;

function samplesOf(frame: SeriesFrame): number {
  const { samples } = frame;
  const beginning = Buffer.from(samples.buffer, samples.byteOffset, Math.min(samples.length, 12));
  return INSTANT.test(beginning.toString('latin1')) ? 1 : countSamples(frame);
}
