// The state with which a backfill starts: that of the state file, or none.

import { createHash } from 'node:crypto';

import { PromfedError } from '../../model/index.js';
import { printRange } from './print-range.js';
import { readState, type BackfillState, type UnitState } from './resume-file.js';
import type { RuleUnit } from './rule-units.js';
import type { BackfillOptions, BackfillTimes } from './settings.js';

/** @throws PromfedError `bad_data` when the state file belongs to another backfill. */
export function loadState(units: readonly RuleUnit[], options: BackfillOptions): BackfillState {
  const { resumeFile, times } = options;
  const saved = readState(resumeFile);
  const isSame = saved?.times.start === times.start && saved.times.end === times.end;
  const used = isSame ? saved.times : times;
  const fingerprint = fingerprintOf(units, used, options);
  if (saved === undefined) {
    const none: UnitState = { chunks: 0 };
    return { version: 1, fingerprint, times, units: units.map(() => none), samples: 0, finished: false };
  }
  if (saved.fingerprint === fingerprint && saved.units.length === units.length) return saved;
  throw new PromfedError(
    'bad_data',
    `${resumeFile} is the state of another backfill, ${printRange(saved.times.startMs, saved.times.endMs)}: ` +
      'rules, times or receivers differ; delete it, or set another --resume-file',
  );
}

function fingerprintOf(
  units: readonly RuleUnit[],
  { startMs, endMs }: BackfillTimes,
  { externalLabels, remoteWrite }: BackfillOptions,
): string {
  const rules = units.map((unit) =>
    unit.rules.map(({ group, rule, offsetMs }) => [
      group.file,
      group.name,
      group.intervalMs,
      offsetMs,
      rule.settings,
    ]),
  );
  const receivers = remoteWrite.map(({ name, writeRelabel }) => [name, writeRelabel]);
  const text = JSON.stringify([startMs, endMs, rules, externalLabels.flat, receivers]);
  return createHash('sha256').update(text).digest('hex');
}
