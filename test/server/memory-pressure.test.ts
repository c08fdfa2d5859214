// The collection of garbage before the process outgrows its memory.

import t from 'tap';

import { MemoryPressure } from '../../src/server/memory-pressure.js';
import { turn } from '../helpers/runtime/manual-timers.js';

const MB = 2 ** 20;

/** A process whose garbage is `garbage` bytes beside 100 MB of other memory. */
class FakeProcess {
  nowMs = 0;
  collectionMs = 60;
  garbage = 0;

  now(): number {
    return this.nowMs;
  }

  residentBytes(): number {
    return 100 * MB + this.garbage;
  }

  managedBytes(): number {
    return this.garbage;
  }

  collect(): void {
    this.nowMs += this.collectionMs;
    this.garbage = 0;
  }
}

t.test('garbage is collected from 70 % of the memory on, with pauses in between', async (t) => {
  const fake = new FakeProcess();
  const pressure = new MemoryPressure(400 * MB, fake);
  fake.garbage = 179 * MB;
  pressure.check();
  t.equal(pressure.collections, 0);
  fake.garbage = 180 * MB;
  pressure.check();
  t.equal(pressure.collections, 1);
  fake.garbage = 230 * MB;
  for (let passed = 0; passed < 600; passed += 100) {
    pressure.check();
    t.equal(pressure.collections, 1, `after ${passed} ms`);
    fake.nowMs += 100;
  }
  pressure.check(); // ten times the 60 ms that the first one took
  t.equal(pressure.collections, 2);
  fake.garbage = 250 * MB;
  fake.nowMs += 100;
  pressure.check();
  t.equal(pressure.collections, 2);
  fake.nowMs += 100;
  pressure.check();
  t.equal(pressure.collections, 3, 'it is urgent');
});

t.test('a collection that takes long is repeated rarely, unless it is urgent', async (t) => {
  const fake = new FakeProcess();
  fake.collectionMs = 300;
  const pressure = new MemoryPressure(400 * MB, fake);
  for (const [passedMs, garbage, collections] of [
    [0, 200, 1],
    [50_000, 200, 1],
    [1_000, 250, 2],
    [50_000, 200, 2],
    [10_000, 200, 3],
  ] as const) {
    fake.nowMs += passedMs;
    fake.garbage = garbage * MB;
    pressure.check();
    t.equal(pressure.collections, collections, `${passedMs} ms later`);
  }
});

t.test('memory that is not garbage is not collected again and again', async (t) => {
  const fake = new FakeProcess();
  fake.collect = () => undefined;
  fake.garbage = 300 * MB;
  const pressure = new MemoryPressure(400 * MB, fake);
  for (let i = 0; i < 100; i++) {
    pressure.check();
    fake.nowMs += 1000;
  }
  t.equal(pressure.collections, 1);
  fake.garbage += 32 * MB;
  pressure.check();
  t.equal(pressure.collections, 2);
});

t.test('a collection frees what nothing refers to', async (t) => {
  const reference = new WeakRef({});
  await turn(); // a WeakRef keeps its object until the end of the turn
  t.ok(reference.deref());
  await turn();
  const pressure = new MemoryPressure(1);
  const held = Buffer.alloc(64 * MB);
  pressure.check();
  t.equal(held.length, 64 * MB);
  t.equal(reference.deref(), undefined);
  t.equal(pressure.collections, 1);
});
