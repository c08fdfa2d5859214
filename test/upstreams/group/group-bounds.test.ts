// The time range of a group moves with the clock when it is relative, and does not when it is absolute.

import t from 'tap';

import type { TimeRangeSettings } from '../../../src/config/index.js';
import { coversWindow, truncateWindow, overlapsWindow } from '../../../src/model/index.js';
import { groupSettings, openGroup } from '../settings.js';

t.test('a relative range is relative to the time of the request', async (t) => {
  const cases: [range: TimeRangeSettings | undefined, expected: unknown][] = [
    [undefined, undefined],
    [
      { kind: 'relative', startMs: -500, endMs: -100, truncate: true },
      { startMs: 9_500, endMs: 9_900, truncate: true },
    ],
    [
      { kind: 'relative', startMs: undefined, endMs: 5, truncate: false },
      { startMs: undefined, endMs: 10_005, truncate: false },
    ],
    [
      { kind: 'absolute', startMs: 7, endMs: undefined, truncate: false },
      { startMs: 7, endMs: undefined, truncate: false },
    ],
  ];
  for (const [timeRange, expected] of cases) {
    const group = openGroup(groupSettings(['127.0.0.1:1'], { timeRange }), {
      clock: { now: () => 10_000 },
      version: 'test',
    });
    t.same(group.bounds, expected);
    await group.close();
  }
});

t.test('bounds are inclusive, windows are open on the left', async (t) => {
  const bounds = { startMs: 100, endMs: 200, truncate: true };
  const cases: [afterMs: number, untilMs: number, touches: boolean, covers: boolean][] = [
    [0, 99, false, false],
    [0, 100, true, false],
    [98, 150, true, false],
    [99, 200, true, true],
    [99.5, 200, true, true],
    [99, 201, true, false],
    [199, 300, true, false],
    [200, 300, false, false],
  ];
  for (const [afterMs, untilMs, touches, covers] of cases) {
    const window = { afterMs, untilMs };
    t.same(
      [overlapsWindow(bounds, window), coversWindow(bounds, window)],
      [touches, covers],
      JSON.stringify(window),
    );
    if (covers) t.same(truncateWindow(window, bounds), window);
  }
  t.same(truncateWindow({ afterMs: 0, untilMs: 300 }, bounds), { afterMs: 99, untilMs: 200 });
  const whole = { afterMs: 0, untilMs: 300 };
  t.same(truncateWindow(whole, { ...bounds, truncate: false }), whole);
});
