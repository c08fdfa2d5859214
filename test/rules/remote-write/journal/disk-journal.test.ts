// The journal of remote write on disk.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ClassicLevel } from 'classic-level';
import t, { type Test } from 'tap';

import { createHistogram, Labels } from '../../../../src/model/index.js';
import type { OutgoingSample } from '../../../../src/rules/ports.js';
import { openDiskJournal, type SampleJournal } from '../../../../src/rules/remote-write/index.js';
import { ManualTimers, turn } from '../../../helpers/runtime/manual-timers.js';
import { recordingLog, sample, type LoggedMessage } from '../../../helpers/remote-write/writer.js';

const VM = { name: 'vm', url: 'http://vm/write' };
const OTHER = { name: 'other', url: 'http://other/write' };

function directoryFor(t: Test): string {
  const directory = mkdtempSync(join(tmpdir(), 'promfed-journal-'));
  t.teardown(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  return join(directory, 'remote-write');
}

interface Opened {
  readonly journal: SampleJournal;
  readonly messages: readonly LoggedMessage[];
}

async function open(path: string, timers = new ManualTimers()): Promise<Opened> {
  const { log, messages } = recordingLog();
  return { journal: await openDiskJournal(path, { timers, log }), messages };
}

/** Saves the samples as one entry and returns a function that reports them as sent. */
function save(journal: SampleJournal, samples: readonly OutgoingSample[], receiver = VM): () => void {
  const entry = journal.begin();
  journal.save(entry, receiver, samples);
  return () => {
    journal.done(entry, samples.length);
  };
}

/** Returns the samples of a receiver after the store was closed and opened again. */
async function reopened(t: Test, path: string, receiver = VM): Promise<(readonly OutgoingSample[])[]> {
  const { journal } = await open(path);
  const saved = journal.recover(receiver);
  t.same(journal.recover(receiver), [], 'recovered once');
  await journal.close();
  return saved.map(({ samples }) => samples);
}

t.test('samples are recovered as they were saved, in order', async (t) => {
  const path = directoryFor(t);
  const { journal } = await open(path);
  const first = [
    sample('a', 1000, 0.1 + 0.2, { job: 'Größe' }),
    sample('a', 2000, NaN),
    sample('a', 3000, -Infinity),
    { ...sample('a', 4000), isStale: true, value: NaN },
  ];
  const histogram = createHistogram({
    count: 2,
    positive: { indices: [-1, 3], counts: [1, 1] },
    hint: 'gauge',
  });
  const second = [{ labels: Labels.from({ __name__: 'h' }), timeMs: 5000, value: histogram, isStale: false }];
  save(journal, first);
  save(journal, second);
  for (let i = 0; i < 20; i++) save(journal, [sample('b', i)]);
  await journal.close();
  const [one, two, ...others] = await reopened(t, path);
  t.same(one, first);
  t.same(two, second);
  t.same(
    others.map(([only]) => only!.timeMs),
    Array.from({ length: 20 }, (_, i) => i),
  );
});

t.test('an entry is removed when all its samples are done', async (t) => {
  const path = directoryFor(t);
  const { journal } = await open(path);
  const written = save(journal, [sample('written', 1)]);
  await journal.written();
  const waiting = save(journal, [sample('waiting', 1)]);
  const partial = journal.begin();
  journal.save(partial, VM, [sample('partial', 1), sample('partial', 2)]);
  written();
  waiting();
  journal.done(partial, 1);
  await journal.written();
  await journal.close();
  const recovered = await reopened(t, path);
  t.equal(recovered.length, 1);
  t.same(
    recovered[0]!.map(({ timeMs }) => timeMs),
    [1, 2],
  );
});

t.test('recovered entries are removed when they are done, and new ones follow them', async (t) => {
  const path = directoryFor(t);
  const { journal: first } = await open(path);
  save(first, [sample('a', 1)]);
  await first.close();
  const { journal: second } = await open(path);
  const [saved] = second.recover(VM);
  save(second, [sample('a', 2)]);
  await second.close();
  t.same(
    (await reopened(t, path)).map(([only]) => only!.timeMs),
    [1, 2],
  );
  const { journal: third } = await open(path);
  third.recover(VM);
  third.done(saved!.entry, 1);
  await third.close();
  t.same(
    (await reopened(t, path)).map(([only]) => only!.timeMs),
    [2],
  );
});

t.test('samples belong to a receiver by name or by URL', async (t) => {
  const path = directoryFor(t);
  const { journal } = await open(path);
  save(journal, [sample('a', 1)], VM);
  save(journal, [sample('a', 2)], OTHER);
  await journal.close();
  t.equal((await reopened(t, path, { name: 'vm', url: 'http://new/write' })).length, 1);
  t.equal((await reopened(t, path, { name: 'new', url: OTHER.url })).length, 1);
  t.equal((await reopened(t, path, { name: 'new', url: 'http://new/write' })).length, 0);
});

t.test('old and unreadable entries are removed and logged', async (t) => {
  const path = directoryFor(t);
  const timers = new ManualTimers();
  const { journal } = await open(path, timers);
  save(journal, [sample('a', 1)]);
  await journal.written();
  await timers.pass(24 * 3_600_000 + 1);
  save(journal, [sample('a', 2)]);
  await journal.close();
  const store = new ClassicLevel<string, string>(path);
  await store.put('0000000000000009', 'not an entry');
  await store.close();
  const { journal: second, messages } = await open(path, timers);
  t.match(messages, [
    {
      level: 'warn',
      message: 'remote write journal: old or unreadable entries removed',
      fields: { entries: 2 },
    },
  ]);
  t.same(
    second.recover(VM).map(({ samples }) => samples[0]!.timeMs),
    [2],
  );
  await second.close();
});

t.test('a store that another process holds is opened when it is released', async (t) => {
  const path = directoryFor(t);
  const timers = new ManualTimers();
  const { journal } = await open(path, timers);
  save(journal, [sample('a', 1)]);
  let second: SampleJournal | undefined;
  const opening = open(path, timers).then((opened) => (second = opened.journal));
  while (timers.pending === 0) await turn();
  await timers.pass(200);
  t.equal(second, undefined);
  await journal.close();
  while (second === undefined) await timers.pass(200);
  await opening;
  t.equal(second.recover(VM).length, 1);
  await second.close();
});

t.test('a store that cannot be opened is an error that names the path', async (t) => {
  const path = directoryFor(t);
  writeFileSync(path, 'a file');
  await t.rejects(open(path), { code: 'unavailable', message: `remote write journal ${path}: ` });

  const held = directoryFor(t);
  const timers = new ManualTimers();
  const { journal } = await open(held);
  const opening = open(held, timers);
  const state = { isOver: false };
  void opening.catch(() => (state.isOver = true));
  while (!state.isOver) await timers.pass(1000);
  await t.rejects(opening, { message: `remote write journal ${held}: in use by another process` });
  await journal.close();
});

t.test('a failed write is logged and repeated', async (t) => {
  const path = directoryFor(t);
  const timers = new ManualTimers();
  const { journal, messages } = await open(path, timers);
  const original = Reflect.get(ClassicLevel.prototype, 'batch');
  t.teardown(() => Reflect.set(ClassicLevel.prototype, 'batch', original));
  Reflect.set(ClassicLevel.prototype, 'batch', () => Promise.reject(new Error('no space left on device')));
  save(journal, [sample('a', 1)]);
  const removed = save(journal, [sample('a', 2)]);
  await turn();
  removed();
  save(journal, [sample('a', 3)]);
  t.match(messages, [{ level: 'error', message: 'remote write samples not saved' }]);
  Reflect.set(ClassicLevel.prototype, 'batch', original);
  await timers.pass(5000);
  await journal.written();
  await journal.close();
  t.same(
    (await reopened(t, path)).map(([only]) => only!.timeMs),
    [1, 3],
  );
});
