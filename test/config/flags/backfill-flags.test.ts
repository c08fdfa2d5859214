import t from 'tap';

import { parseFlags } from '../../../src/config/index.js';

t.test('the flags of a backfill', async (t) => {
  const { command, backfill } = parseFlags(
    [
      'backfill',
      '--start=-1h',
      '--rule=a',
      '--rule',
      'b',
      '--eval-interval=30s',
      '--partial=write',
      'x.yaml',
    ],
    [],
  );
  t.equal(command, 'backfill');
  t.strictSame(backfill, {
    files: ['x.yaml'],
    start: { from: 'now', ms: -3_600_000 },
    end: { from: 'now', ms: 0 },
    times: { start: '-1h', end: 'now' },
    evaluationIntervalMs: 30_000,
    ruleNames: ['a', 'b'],
    partial: 'write',
    resumeFile: 'promfed-backfill.json',
    timeoutMs: 120_000,
  });
});

t.test('invalid flags are rejected', async (t) => {
  const cases: readonly (readonly [args: readonly string[], message: RegExp])[] = [
    [[], /missing --start, for example: promfed backfill --start=-30d/],
    [['--start=yesterday'], /--start: invalid time "yesterday"/],
    [['--start=-1h', '--partial=hold'], /--partial: must be one of fail, write; got "hold"/],
    [['--start=-1h', '--step=1m'], /--step: not a flag of promfed backfill; use promfed query/],
    [['--start=-1h', '--log-level=debug'], /--log-level: not a flag of promfed backfill/],
  ];
  for (const [args, message] of cases) t.throws(() => parseFlags(['backfill', ...args], []), message);
  t.throws(
    () => parseFlags(['query', '--rule=x', 'up'], []),
    /--rule: not a flag of promfed query; use promfed backfill/,
  );
});
