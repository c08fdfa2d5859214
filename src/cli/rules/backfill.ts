// `promfed backfill`: evaluates recording rules over the past, and writes the results by remote write.

import { existsSync } from 'node:fs';

import type { BackfillFlags, Settings, TimeFlag } from '../../config/index.js';
import { asPromfedError, PromfedError, tryNearest } from '../../model/index.js';
import type { FeatureSet } from '../../promql/language/index.js';
import {
  runBackfill,
  unselectedReads,
  type OpenEngine,
  type ResultsInMemory,
} from '../../rules/backfill/index.js';
import { createTimers, type Cancellation, type Clock } from '../../runtime/index.js';
import { ProgressPrinter } from './backfill-progress.js';
import { printable } from '../printable.js';

export interface BackfillEnvironment {
  readonly clock: Clock;
  readonly version: string;
  readonly features: FeatureSet;
  readonly lookbackDeltaMs: number | undefined;
  /** The configuration with the rules of the command. */
  readonly settings: Settings;
  readonly openEngine: (results: ResultsInMemory | undefined) => OpenEngine;
  /** Opens what the receivers store. */
  readonly openStored: () => OpenEngine;
  /** Receives the result. */
  readonly out: (text: string) => void;
  /** Receives progress, notes and errors. */
  readonly err: (text: string) => void;
  /** Width of the terminal that `err` writes to; undefined for anything else. */
  readonly columns: number | undefined;
  /** Default as in `BackfillOptions`. */
  readonly retryDelaysMs?: readonly number[];
  /** Stops the backfill. */
  readonly signal: Cancellation;
}

/** The event loop would end while a timer of a retry is all that it waits for. */
const KEEP_ALIVE_MS = 60_000;

/** @returns the exit status: 0 when all samples are confirmed, otherwise 1. */
export async function backfill(flags: BackfillFlags, environment: BackfillEnvironment): Promise<0 | 1> {
  const { out, err } = environment;
  const progress = new ProgressPrinter(environment);
  environment.signal.addEventListener('abort', () => {
    progress.note('stopping: the write in progress has up to 5 seconds; a second signal ends it at once');
  });
  const keepAlive = setInterval(() => undefined, KEEP_ALIVE_MS);
  try {
    const result = await run(flags, environment, progress);
    progress.end();
    const rules = `${result.rules} ${result.rules === 1 ? 'rule' : 'rules'}`;
    out(
      result.wasFinished
        ? `nothing to do: ${flags.resumeFile} says that the backfill of ${rules} has finished with ${result.samples} samples; delete it to run the backfill again\n`
        : `backfill of ${rules} has finished: ${result.samples} samples written\n`,
    );
    return 0;
  } catch (thrown) {
    progress.end();
    const { code, message } = asPromfedError(thrown);
    const text = code === 'canceled' ? 'interrupted' : printable(message);
    const isStarted = code !== 'bad_data' && existsSync(flags.resumeFile);
    err(`promfed: ${text}\n${isStarted ? 'run the same command again to continue\n' : ''}`);
    return 1;
  } finally {
    clearInterval(keepAlive);
  }
}

function run(
  flags: BackfillFlags,
  environment: BackfillEnvironment,
  observer: ProgressPrinter,
): ReturnType<typeof runBackfill> {
  const { clock, settings, features, lookbackDeltaMs } = environment;
  const { ruleNames, partial, resumeFile } = flags;
  const { ruleGroups: groups, externalLabels, remoteWrite, evaluationIntervalMs } = settings;
  const nowMs = clock.now();
  const startMs = timestampOf(flags.start, nowMs);
  const endMs = timestampOf(flags.end, nowMs);
  if (endMs > nowMs) throw new PromfedError('bad_data', '--end must not be in the future');
  if (endMs < startMs) throw new PromfedError('bad_data', '--end must not be before --start');
  checkRules(settings, ruleNames);
  const options = {
    ...environment,
    groups,
    ruleNames,
    times: { ...flags.times, startMs, endMs },
    partial,
    defaultStepMs: evaluationIntervalMs,
    lookbackDeltaMs,
    queryTimeoutMs: flags.timeoutMs,
    features,
    externalLabels,
    chainedResults: settings.rules.chainedResults,
    remoteWrite,
    timers: createTimers(clock),
    resumeFile,
    observer,
  };
  const alerting = groups.flatMap(({ rules }) => rules.filter(({ kind }) => kind === 'alerting')).length;
  if (alerting > 0) observer.note(`alerting rules are skipped: ${alerting}`);
  if (ruleNames.length > 0) {
    for (const { reader, read } of unselectedReads(groups, options)) {
      observer.note(`rule ${reader} reads ${read}, which is not selected: its stored series are read`);
    }
  }
  return runBackfill(options);
}

/** @throws PromfedError `bad_data` when there is nothing to evaluate, or no receiver. */
function checkRules({ ruleGroups, remoteWrite }: Settings, ruleNames: readonly string[]): void {
  const names = ruleGroups.flatMap(({ rules }) =>
    rules.filter(({ kind }) => kind === 'recording').map(({ name }) => name),
  );
  if (names.length === 0) {
    throw new PromfedError('bad_data', 'no recording rules: name rule files, or configure rule_files');
  }
  for (const name of ruleNames) {
    if (names.includes(name)) continue;
    const nearest = tryNearest(name, names);
    const hint = nearest === undefined ? '' : `; did you mean "${nearest}"?`;
    throw new PromfedError('bad_data', `--rule: no recording rule has the name "${name}"${hint}`);
  }
  if (remoteWrite.length === 0) {
    throw new PromfedError('bad_data', 'no receiver for the results: configure remote_write');
  }
}

function timestampOf({ from, ms }: TimeFlag, nowMs: number): number {
  return Math.round(from === 'now' ? nowMs + ms : ms);
}
