// The names of native histograms: found in answers, read from metadata, forgotten.

import t from 'tap';

import { NO_LOG } from '../../../src/runtime/index.js';
import { ManualTimers } from '../../helpers/runtime/manual-timers.js';
import {
  type HistogramNamesOptions,
  LearnedHistogramNames,
} from '../../../src/upstreams/learn/histogram-names.js';

function metadata(types: Record<string, string>): Awaited<ReturnType<HistogramNamesOptions['metadata']>> {
  const entries = Object.entries(types).map(
    ([name, type]) => [name, [{ type, help: '', unit: '' }]] as const,
  );
  return { data: new Map(entries), warnings: [] };
}

t.test('names found in answers are known, the latest of them', async (t) => {
  const names = new LearnedHistogramNames();
  names.learn('first');
  names.learn('second');
  names.learn('first');
  t.ok(names.has('first'));
  t.notOk(names.has('third'));
  for (let i = 0; i < 9999; i++) names.learn(`n${i}`);
  t.ok(names.has('first'), 'found again after the second');
  t.notOk(names.has('second'));
});

t.test('the metadata is read at once and again; a failure keeps the names', async (t) => {
  const answers = [
    () => metadata({ a: 'histogram', b: 'counter' }),
    () => {
      throw new Error('gone');
    },
    () => {
      throw new Error('gone');
    },
    () => metadata({ b: 'histogram' }),
  ];
  const warnings: object[] = [];
  const timers = new ManualTimers(0.5);
  const names = new LearnedHistogramNames({
    group: 'eu',
    metadata: async () => answers.shift()!(),
    intervalMs: 1000,
    timers,
    log: { ...NO_LOG, warn: (fields) => warnings.push(fields) },
  });
  t.notOk(names.has('a'));
  await timers.pass(0);
  t.ok(names.has('a'), 'at once');
  t.notOk(names.has('b'));
  await timers.pass(900);
  t.ok(names.has('a'), 'after a failure');
  await timers.pass(900);
  t.same(warnings, [{ server_group: 'eu', reason: 'gone' }], 'logged once');
  await timers.pass(900);
  t.notOk(names.has('a'));
  t.ok(names.has('b'));
  names.stop();
  t.equal(timers.pending, 0);
});
