// Backfill: evaluates recording rules over a range of the past and writes the results by remote write.

import { maxOf, minOf, asPromfedError, PromfedError, type MissingGroup } from '../../model/index.js';
import type { OutgoingSample } from '../ports.js';
import { sleep } from '../remote-write/sleep.js';
import { ChunkEvaluator, gridOf, type Chunk, type RuleChunk } from './chunk-evaluator.js';
import { ConfirmedWriter } from './confirmed-writer.js';
import { RuleResults } from './results-in-memory.js';
import { loadState } from './initial-state.js';
import { printRange } from './print-range.js';
import { writeState, type BackfillState, type ChunkState, type UnitState } from './resume-file.js';
import { createUnits, type RuleUnit } from './rule-units.js';
import { withoutStored } from './stored-samples.js';
import type { BackfillOptions, BackfillResult, BackfillTimes, ChunkPosition } from './settings.js';

/** Number of steps of the first chunk, and of the largest one. */
const FIRST_STEPS = 120;
const MAX_STEPS = 2000;
const RETRY_DELAYS_MS = [1_000, 2_000, 4_000, 8_000];
/** Time after which written samples are visible to queries: VictoriaMetrics buffers them for two seconds. */
const VISIBLE_AFTER_MS = 3_000;
/** Number of samples of one rule that a chunk aims at. */
const TARGET_SAMPLES = 200_000;

/**
 * Evaluates recording rules at the times of their slots, and writes the results. Ends when every receiver has accepted
 * all samples. After a failure, a crash or the signal, the next run continues with the first rule and chunk that was
 * not confirmed.
 *
 * Source: Prometheus, cmd/promtool/rules.go (`promtool tsdb create-blocks-from rules`). Differs from it: times of samples
 * include `query_offset`, series that end get stale markers, and rules see the results of the rules that they depend on.
 *
 * @throws PromfedError `canceled` after the signal; otherwise names the rule, the chunk and the reason.
 */
export async function runBackfill(options: BackfillOptions): Promise<BackfillResult> {
  const units = createUnits(options.groups, options);
  const rules = units.reduce((sum, unit) => sum + unit.rules.length, 0);
  if (options.chainedResults === 'regions') rejectChains(units);
  const state = loadState(units, options);
  if (state.finished) return { wasFinished: true, samples: state.samples, rules };
  const writer = new ConfirmedWriter(options.remoteWrite, {
    ...options,
    onWarning: (text) => {
      options.observer.note(text);
    },
  });
  try {
    const run = new BackfillRun(units, state, writer, options);
    const samples = await run.start();
    return { wasFinished: false, samples, rules };
  } finally {
    await writer.close();
  }
}

/** @throws PromfedError `bad_data` when a rule reads results of another one, which would be read too early. */
function rejectChains(units: readonly RuleUnit[]): void {
  for (const { reads, rule } of units.flatMap((unit) => unit.rules)) {
    const [read] = reads;
    if (read === undefined) continue;
    throw new PromfedError(
      'bad_data',
      `rule ${JSON.stringify(rule.name)} reads the results of ${JSON.stringify(read)} from the regions (rules.chained_results); ` +
        'evaluate the rules one after another with --rule, or set chained_results: memory',
    );
  }
}

class BackfillRun {
  readonly #units: readonly RuleUnit[];
  readonly #writer: ConfirmedWriter;
  readonly #options: BackfillOptions;
  readonly #times: BackfillTimes;
  readonly #notes = new Set<string>();
  #state: BackfillState;
  /** True until the rule is confirmed some of whose samples an earlier run may have written. */
  #isAfterCrash: boolean;
  readonly #samplesBefore: number;
  readonly #doneBefore: number;

  constructor(
    units: readonly RuleUnit[],
    state: BackfillState,
    writer: ConfirmedWriter,
    options: BackfillOptions,
  ) {
    this.#units = units;
    this.#state = state;
    this.#isAfterCrash = state.units.some(({ chunk }) => chunk?.isWriting === true);
    this.#times = state.times;
    this.#writer = writer;
    this.#options = options;
    this.#samplesBefore = state.samples;
    this.#doneBefore = this.#done();
  }

  /** Returns the number of samples of all runs. */
  async start(): Promise<number> {
    this.#save({});
    for (const i of this.#units.keys()) await this.#runUnit(i);
    this.#save({ finished: true });
    return this.#state.samples;
  }

  async #runUnit(index: number): Promise<void> {
    const { startMs, endMs } = this.#times;
    if (this.#state.units[index]!.doneMs === endMs) return;
    const unit = this.#units[index]!;
    const { features, defaultStepMs, queryTimeoutMs, openEngine } = this.#options;
    const names = [...new Set(unit.rules.flatMap(({ isRead, rule }) => (isRead ? [rule.name] : [])))];
    const results = names.length === 0 ? undefined : new RuleResults({ names, features, defaultStepMs });
    const opened = openEngine(results);
    try {
      const evaluator = new ChunkEvaluator(unit, {
        ...this.#options,
        engine: opened.engine,
        results,
        startMs,
        timeoutMs: queryTimeoutMs,
        retryDelaysMs: this.#options.retryDelaysMs ?? RETRY_DELAYS_MS,
        check: (rule, missing, warnings) => {
          this.#check(unit, rule, missing, warnings);
        },
        note: (text) => {
          this.#note(text);
        },
      });
      await this.#runChunks(index, evaluator);
    } finally {
      await opened.close();
    }
  }

  async #runChunks(index: number, evaluator: ChunkEvaluator): Promise<void> {
    const { startMs, endMs } = this.#times;
    const { doneMs } = this.#state.units[index]!;
    const lastRule = this.#units[index]!.rules.length - 1;
    let position: ChunkPosition | undefined;
    try {
      if (doneMs !== undefined) await this.#readBack(this.#units[index]!, evaluator, doneMs);
      let steps = FIRST_STEPS;
      for (let fromMs = (doneMs ?? startMs - 1) + 1; fromMs <= endMs;) {
        const chunk = { fromMs, untilMs: this.#untilMs(index, fromMs, steps) };
        const first = this.#state.units[index]!.chunk?.rules ?? 0;
        let series = 1;
        position = this.#positionOf(index, Math.min(first, lastRule), chunk);
        for await (const one of evaluator.evaluate(chunk, first)) {
          position = this.#positionOf(index, one.position, chunk);
          await this.#write(index, one, position);
          series = Math.max(series, one.series);
          position = this.#positionOf(index, Math.min(one.position + 1, lastRule), chunk);
        }
        this.#saveUnit(index, { chunks: this.#state.units[index]!.chunks + 1, doneMs: chunk.untilMs }, 0);
        steps = Math.max(1, Math.min(Math.floor(TARGET_SAMPLES / series), steps * 4, MAX_STEPS));
        fromMs = chunk.untilMs + 1;
      }
    } catch (thrown) {
      throw explain(thrown, position);
    }
  }

  /** Evaluates the results again that rules of the next chunk read. */
  async #readBack(unit: RuleUnit, evaluator: ChunkEvaluator, doneMs: number): Promise<void> {
    const { isStepwise, readsBackMs, depth, rules } = unit;
    if (readsBackMs === 0 && !isStepwise) return;
    const { startMs } = this.#times;
    const intervals = rules.map(({ intervalMs }) => intervalMs);
    const backMs = isStepwise ? Infinity : (depth + 1) * (readsBackMs + maxOf(intervals));
    const stepMs = FIRST_STEPS * minOf(intervals);
    for (let fromMs = Math.max(startMs, doneMs - backMs); fromMs <= doneMs; fromMs += stepMs) {
      await evaluator.readBack({ fromMs, untilMs: Math.min(doneMs, fromMs + stepMs - 1) });
    }
  }

  #untilMs(index: number, fromMs: number, steps: number): number {
    const { chunk } = this.#state.units[index]!;
    if (chunk !== undefined) return chunk.untilMs;
    const shortestMs = minOf(this.#units[index]!.rules.map(({ intervalMs }) => intervalMs));
    const { endMs } = this.#times;
    const untilMs = fromMs + steps * shortestMs - 1;
    // The rest would have no step, or a single one.
    return untilMs + shortestMs >= endMs ? endMs : untilMs;
  }

  #positionOf(index: number, rule: number, { fromMs, untilMs }: Chunk): ChunkPosition {
    const { chunks } = this.#state.units[index]!;
    const { group, rule: recording } = this.#units[index]!.rules[rule]!;
    const chunk = chunks + 1;
    const rest = Math.ceil((this.#times.endMs - untilMs) / (untilMs - fromMs + 1));
    return { group: group.name, rule: recording.name, chunk, chunks: chunk + rest, fromMs, untilMs };
  }

  async #write(index: number, one: RuleChunk, position: ChunkPosition): Promise<void> {
    const { observer, signal } = this.#options;
    const samples = await this.#unstored(index, one, position);
    const { chunks, doneMs, chunk } = this.#state.units[index]!;
    const { untilMs } = position;
    const save = (state: ChunkState, written: number): void => {
      this.#saveUnit(index, { chunks, doneMs, chunk: state }, written);
    };
    const isWriting = { untilMs, rules: one.position, isWriting: true };
    if (samples.length > 0 || chunk === undefined) save(isWriting, 0);
    const omitted = await this.#writer.write(samples, signal);
    const isConfirmed = { untilMs, rules: one.position + 1, isWriting: false };
    save(one.isLast ? isConfirmed : isWriting, one.samples.length);
    if (one.isLast) this.#isAfterCrash = false;
    this.#noteLosses(one, position, omitted);
    observer.progress({
      ...position,
      samples: this.#state.samples - this.#samplesBefore,
      done: this.#done(),
      doneBefore: this.#doneBefore,
    });
  }

  /** Returns the samples to write. Those of a write that was interrupted may be stored already. */
  async #unstored(
    index: number,
    { samples, position }: RuleChunk,
    chunk: ChunkPosition,
  ): Promise<readonly OutgoingSample[]> {
    const { remoteWrite, openStored, timers, queryTimeoutMs: timeoutMs, signal } = this.#options;
    const saved = this.#state.units[index]!.chunk;
    const [receiver, ...others] = remoteWrite;
    const isUnknown = this.#isAfterCrash && saved?.isWriting === true && saved.rules === position;
    // With several receivers, some may have samples that others lack.
    if (!isUnknown || receiver === undefined || others.length > 0) return samples;
    await sleep(timers, VISIBLE_AFTER_MS, signal);
    const stored = openStored();
    try {
      return await withoutStored(samples, chunk.rule, chunk, {
        ...this.#options,
        engine: stored.engine,
        receiver,
        timeoutMs,
      });
    } catch (thrown) {
      this.#note(
        `cannot read which samples the receiver has; writing all: ${asPromfedError(thrown).message}`,
      );
      return samples;
    } finally {
      await stored.close();
    }
  }

  #noteLosses(
    { failedSteps }: RuleChunk,
    { rule, group, chunk }: ChunkPosition,
    omitted: ReadonlyMap<string, number>,
  ): void {
    const where = `rule ${JSON.stringify(rule)} of group ${JSON.stringify(group)}`;
    if (failedSteps !== undefined) {
      const { count, reason } = failedSteps;
      this.#note(`${where}: ${count} evaluations of chunk ${chunk} fail, as they do live: ${reason}`);
    }
    for (const [reason, count] of omitted) {
      this.#note(`${where}: ${count} samples of chunk ${chunk} are not sent: ${reason}`);
    }
  }

  /** @throws PromfedError `upstream` for a partial result, unless these are written. */
  #check(unit: RuleUnit, rule: number, missing: readonly MissingGroup[], warnings: readonly string[]): void {
    const [group] = missing;
    if (group !== undefined && this.#options.partial === 'fail') {
      const name = JSON.stringify(unit.rules[rule]!.rule.name);
      throw new PromfedError(
        'upstream',
        `the result of rule ${name} is partial: ${warnings[0] ?? `server group ${group.name} did not answer`}; ` +
          'run the command again when it answers, or use --partial=write',
      );
    }
    for (const warning of warnings) this.#note(warning);
  }

  #note(text: string): void {
    if (this.#notes.has(text)) return;
    this.#notes.add(text);
    this.#options.observer.note(text);
  }

  /** Share of all steps that is confirmed. */
  #done(): number {
    let all = 0;
    let done = 0;
    for (const [i, { rules }] of this.#units.entries()) {
      const { doneMs = this.#times.startMs - 1, chunk } = this.#state.units[i]!;
      for (const [position, rule] of rules.entries()) {
        const untilMs = chunk !== undefined && position < chunk.rules ? chunk.untilMs : doneMs;
        all += gridOf(rule, { fromMs: this.#times.startMs, untilMs: this.#times.endMs })?.count ?? 0;
        done += gridOf(rule, { fromMs: this.#times.startMs, untilMs })?.count ?? 0;
      }
    }
    return all === 0 ? 1 : done / all;
  }

  #saveUnit(index: number, unit: UnitState, samples: number): void {
    this.#save({
      units: this.#state.units.map((other, i) => (i === index ? unit : other)),
      samples: this.#state.samples + samples,
    });
  }

  #save(change: Partial<BackfillState>): void {
    this.#state = { ...this.#state, ...change };
    writeState(this.#options.resumeFile, this.#state);
  }
}

function explain(thrown: unknown, position: ChunkPosition | undefined): PromfedError {
  const error = asPromfedError(thrown);
  if (error.code === 'canceled' || position === undefined) return error;
  const { group, rule, chunk, chunks, fromMs, untilMs } = position;
  const where = `rule ${JSON.stringify(rule)} of group ${JSON.stringify(group)}`;
  return new PromfedError(
    error.code,
    `${where}, chunk ${chunk}/${chunks} (${printRange(fromMs, untilMs)}): ${error.message}`,
  );
}
