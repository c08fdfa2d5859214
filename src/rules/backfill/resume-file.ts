// The state file of a backfill: the chunks that all receivers have confirmed.

import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';

import { PromfedError } from '../../model/index.js';
import { describeFileError } from '../../runtime/index.js';
import type { BackfillTimes } from './settings.js';

/** The chunk in progress. */
export interface ChunkState {
  readonly untilMs: number;
  /** Number of rules that are confirmed. */
  readonly rules: number;
  /** True while the samples of the next rule are written. After a crash, some may be stored. */
  readonly isWriting: boolean;
}

/** The progress of one unit. */
export interface UnitState {
  /** Number of chunks whose rules are all confirmed. */
  readonly chunks: number;
  /** End of the last of them; undefined before the first one. */
  readonly doneMs?: number | undefined;
  readonly chunk?: ChunkState | undefined;
}

export interface BackfillState {
  readonly version: 1;
  /** Equal for backfills that write the same samples to the same receivers. */
  readonly fingerprint: string;
  /** Times as they were given. Relative ones keep the meaning that they had at the start. */
  readonly times: BackfillTimes;
  readonly units: readonly UnitState[];
  /** Number of samples that are confirmed. */
  readonly samples: number;
  readonly finished: boolean;
}

/** @returns undefined when the file does not exist. @throws PromfedError `bad_data` when it is not a state file. */
export function readState(path: string): BackfillState | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new PromfedError('bad_data', `cannot read the state file: ${describeFileError(path, error)}`);
  }
  const state = parse(text);
  if (state !== undefined) return state;
  throw new PromfedError(
    'bad_data',
    `${path} is not the state file of a backfill; delete it or set another --resume-file`,
  );
}

function parse(text: string): BackfillState | undefined {
  try {
    const state = JSON.parse(text) as Partial<BackfillState> | null;
    const isState =
      state?.version === 1 &&
      typeof state.fingerprint === 'string' &&
      typeof state.times?.startMs === 'number' &&
      typeof state.times.endMs === 'number' &&
      Array.isArray(state.units) &&
      typeof state.samples === 'number';
    return isState ? (state as BackfillState) : undefined;
  } catch {
    return undefined;
  }
}

/** Replaces the file as a whole: a crash leaves the previous state or this one. @throws PromfedError `unavailable` */
export function writeState(path: string, state: BackfillState): void {
  const temporary = `${path}.tmp`;
  try {
    const file = openSync(temporary, 'w');
    try {
      writeSync(file, `${JSON.stringify(state)}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
    throw new PromfedError('unavailable', `cannot write the state file ${path}: ${code}`);
  }
}
