// The state file of a backfill: the chunks that all receivers have confirmed.

import { closeSync, existsSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs';

import { PromfedError } from '../../model/index.js';
import { readTextFile } from '../../runtime/index.js';
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

/** Far above the size of the state of 100,000 rule groups. */
const MAX_BYTES = 64 * 1024 * 1024;

/** @returns undefined when the file does not exist. @throws PromfedError `bad_data` when it is not a state file. */
export function readState(path: string): BackfillState | undefined {
  if (!existsSync(path)) return undefined;
  const read = readTextFile(path, MAX_BYTES);
  const state = 'text' in read ? parse(read.text) : undefined;
  if (state !== undefined) return state;
  const reason =
    'problem' in read
      ? `cannot read the state file: ${read.problem}`
      : `${path} is not the state file of a backfill`;
  throw new PromfedError('bad_data', `${reason}; delete it or set another --resume-file`);
}

function parse(text: string): BackfillState | undefined {
  try {
    const state: unknown = JSON.parse(text);
    return isState(state) ? state : undefined;
  } catch {
    return undefined;
  }
}

function isState(value: unknown): value is BackfillState {
  if (!isObject(value) || !isObject(value['times'])) return false;
  const { version, fingerprint, times, units, samples, finished } = value;
  return (
    version === 1 &&
    typeof fingerprint === 'string' &&
    typeof times['start'] === 'string' &&
    typeof times['end'] === 'string' &&
    isTime(times['startMs']) &&
    isTime(times['endMs']) &&
    Array.isArray(units) &&
    units.every(isUnitState) &&
    isCount(samples) &&
    typeof finished === 'boolean'
  );
}

function isUnitState(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { chunks, doneMs, chunk } = value;
  return (
    isCount(chunks) &&
    (doneMs === undefined || isTime(doneMs)) &&
    (chunk === undefined || isChunkState(chunk))
  );
}

function isChunkState(value: unknown): boolean {
  return (
    isObject(value) &&
    isTime(value['untilMs']) &&
    isCount(value['rules']) &&
    typeof value['isWriting'] === 'boolean'
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isTime(value: unknown): boolean {
  return Number.isInteger(value) && !Number.isNaN(new Date(value as number).getTime());
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
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
    const text = error instanceof Error ? error.message : String(error);
    // The text of Node.js is `CODE: REASON, CALL 'PATH'`.
    const reason = /^[A-Z]+: ([^,]+),/.exec(text)?.[1] ?? text;
    throw new PromfedError('unavailable', `cannot write the state file ${path}: ${reason}`);
  }
}
