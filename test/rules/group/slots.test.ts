import t from 'tap';

import { slotBefore, slotOffset, slotOffsetMs } from '../../../src/rules/group/slots.js';

t.test('the latest slot is at or before a time, and slots are one interval apart', async (t) => {
  const intervalMs = 5_000;
  const offsetMs = slotOffsetMs('/etc/promxy/rules/general.yaml', 'general.rules', intervalMs);
  t.ok(offsetMs >= 0 && offsetMs < 5_000);
  for (const timeMs of [1_700_000_000_000, 1_700_000_002_499, 1_700_000_004_999]) {
    const slotMs = slotBefore(timeMs, intervalMs, offsetMs);
    t.ok(slotMs <= timeMs && timeMs - slotMs <= intervalMs, String(timeMs));
    t.equal(slotBefore(timeMs + intervalMs, intervalMs, offsetMs), slotMs + intervalMs);
    t.equal(slotBefore(slotMs, intervalMs, offsetMs), slotMs);
  }
});

t.test('groups differ in their offsets by file and by name', async (t) => {
  const offsets = new Set(
    ['a', 'b', 'c'].flatMap((file) => ['x', 'y'].map((name) => slotOffsetMs(file, name, 60_000))),
  );
  t.equal(offsets.size, 6);
});

t.test('offsets are computed in nanoseconds', async (t) => {
  const { ms, ns } = slotOffset('/etc/promxy/rules/general.yaml', 'general.rules', 60_000);
  t.equal(ms, slotOffsetMs('/etc/promxy/rules/general.yaml', 'general.rules', 60_000));
  t.ok(Number.isInteger(ns) && ns > 0 && ns < 1e6, `${ns}`);
});
