// Queues of remote write that outlive their process.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import t, { type Test } from 'tap';

import { NO_LOG } from '../../../../src/runtime/index.js';
import { openDiskJournal, type SampleJournal } from '../../../../src/rules/remote-write/index.js';
import { Labels } from '../../../../src/model/index.js';
import { ManualTimers } from '../../../helpers/runtime/manual-timers.js';
import { remoteWriteSettings } from '../../../helpers/remote-write/settings.js';
import { sample, samplesAt, setUpWriter } from '../../../helpers/remote-write/writer.js';

const CHILD = fileURLToPath(new URL('../../../helpers/remote-write/append-forever.js', import.meta.url));

function directoryFor(t: Test): string {
  const directory = mkdtempSync(join(tmpdir(), 'promfed-journal-'));
  t.teardown(() => {
    rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
  });
  return directory;
}

function open(path: string, timers = new ManualTimers()): Promise<SampleJournal> {
  return openDiskJournal(path, { timers, log: NO_LOG });
}

t.test('samples of an outage are sent by the next process, before newer ones', async (t) => {
  const path = directoryFor(t);
  const first = setUpWriter(t, { queue: { minShards: 3 } }, { journal: await open(path) });
  first.receiver.behave(() => ({ status: 503 }));
  const times = Array.from({ length: 60 }, (_, i) => 1_000_000 + i * 5000);
  for (const timeMs of times) {
    first.writer.append(samplesAt(timeMs, 40));
    await first.timers.pass(5000);
  }
  const closed = first.writer.close();
  await first.timers.pass(1000);
  await closed;
  t.match(first.metrics, { failed: 0, dropped: {} });
  t.match(first.messages.at(-1), {
    level: 'info',
    message: 'remote write samples kept on disk',
    fields: { samples: 2400 },
  });

  const second = setUpWriter(t, {}, { journal: await open(path) });
  second.writer.append(samplesAt(2_000_000, 40));
  await second.timers.pass(10_000);
  for (let i = 0; i < 40; i++) {
    t.same(
      second.receiver.floats(`m${i}`),
      [...times, 2_000_000].map((timeMs) => `${timeMs} ${i}`),
    );
  }
  await second.writer.close();

  const third = setUpWriter(t, {}, { journal: await open(path) });
  await third.timers.pass(10_000);
  t.equal(third.receiver.requests.length, 0, 'samples that were sent are not sent again');
});

t.test('a changed receiver keeps its samples on disk', async (t) => {
  const path = directoryFor(t);
  const first = setUpWriter(t, {}, { journal: await open(path) });
  first.receiver.behave(() => ({ status: 503 }));
  first.writer.append([sample('a', 1000)]);
  await first.timers.pass(5000);
  const changed = remoteWriteSettings({ url: 'http://new/write' });
  await first.writer.update([changed], Labels.EMPTY);
  const closed = first.writer.close();
  await first.timers.pass(1000);
  await closed;
  const second = setUpWriter(t, {}, { journal: await open(path) });
  await second.timers.pass(5000);
  t.same(second.receiver.floats('a'), ['1000 1']);
});

t.test('samples that are refused or dropped leave the disk', async (t) => {
  const path = directoryFor(t);
  const first = setUpWriter(t, { queue: { sampleAgeLimitMs: 60_000 } }, { journal: await open(path) });
  first.receiver.behave(() => ({ status: 400 }));
  const nowMs = first.timers.now();
  first.writer.append([sample('a', nowMs), sample('a', nowMs - 58_000), sample('a', nowMs - 70_000)]);
  await first.timers.pass(5000);
  t.match(first.metrics, { failed: 1, dropped: { too_old: 2 } });
  await first.writer.close();
  const second = setUpWriter(t, {}, { journal: await open(path) });
  await second.timers.pass(5000);
  t.equal(second.receiver.requests.length, 0);
});

t.test('a removed receiver leaves the disk', async (t) => {
  const path = directoryFor(t);
  const first = setUpWriter(t, {}, { journal: await open(path) });
  first.receiver.behave(() => ({ status: 503 }));
  first.writer.append([sample('a', 1000)]);
  await first.writer.update([], Labels.EMPTY);
  await first.timers.pass(1000);
  await first.writer.close();
  t.equal(first.metrics.failed, 1);
  const second = setUpWriter(t, {}, { journal: await open(path) });
  await second.timers.pass(5000);
  t.equal(second.receiver.requests.length, 0);
});

t.test('kill -9 loses no sample that was written', async (t) => {
  const path = directoryFor(t);
  const child = spawn(process.execPath, [CHILD, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  t.teardown(() => child.kill('SIGKILL'));
  let appends = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    appends = Number(line);
    if (appends === 100) child.kill('SIGKILL');
  }
  await exited;
  t.equal(child.signalCode, 'SIGKILL');
  t.ok(appends >= 100);
  const { receiver, timers, metrics } = setUpWriter(t, {}, { journal: await open(path) });
  await timers.pass(10_000);
  for (let i = 0; i < 50; i++) {
    const expected = Array.from({ length: appends }, (_, n) => `${n + 1} ${i}`);
    // Appends after the last line may have been written as well.
    t.same(receiver.floats(`m${i}`).slice(0, appends), expected);
  }
  t.equal(metrics.pending, 0);
});
