// What is known of which metrics are native histograms: met, asked for, forgotten.

import t from 'tap';

import {
  createHistogramNames,
  type HistogramNamesOptions,
} from '../../src/upstreams/learn/histogram-names.js';

function metadata(types: Record<string, string>): Awaited<ReturnType<HistogramNamesOptions['ask']>> {
  const entries = Object.entries(types).map(
    ([name, type]) => [name, [{ type, help: '', unit: '' }]] as const,
  );
  return { data: new Map(entries), warnings: [] };
}

t.test('names that were met are known, the latest of them', async (t) => {
  const names = createHistogramNames();
  names.learn('first');
  names.learn('second');
  names.learn('first');
  t.ok(names.has('first'));
  t.notOk(names.has('third'));
  for (let i = 0; i < 9999; i++) names.learn(`n${i}`);
  t.ok(names.has('first'), 'met again after the second');
  t.notOk(names.has('second'));
});

t.test('the metadata is asked for at once and again; a failure keeps what is known', async (t) => {
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
  const scheduled: { delayMs: number; run: () => void }[] = [];
  const told: object[] = [];
  const names = createHistogramNames({
    group: 'eu',
    ask: async () => answers.shift()!(),
    intervalMs: 1000,
    timers: {
      now: () => 5,
      schedule: (delayMs, run) => {
        scheduled.push({ delayMs, run });
        return () => scheduled.splice(0);
      },
      random: () => 0.5,
    },
    tell: (details) => told.push(details),
  });
  const turn = async (): Promise<number> => {
    const { delayMs, run } = scheduled.shift()!;
    run();
    await new Promise(setImmediate);
    return delayMs;
  };
  t.notOk(names.has('a'));
  t.equal(await turn(), 0, 'at once');
  t.ok(names.has('a'));
  t.notOk(names.has('b'));
  t.equal(await turn(), 900);
  t.ok(names.has('a'), 'after a failure');
  await turn();
  t.same(told, [{ server_group: 'eu', reason: 'gone' }], 'told once');
  await turn();
  t.notOk(names.has('a'));
  t.ok(names.has('b'));
  names.stop();
  t.equal(scheduled.length, 0);
});
