// The merge of replicas without a configured anti-affinity: cases, and properties of replicas out of step.

import fc from 'fast-check';
import t from 'tap';

import { fillGaps, type MarkedSamples } from '../../src/merge/samples/fill-gaps.js';

/** Parses times in seconds. `!` after a time stands for a stale marker. */
function copy(text: string): MarkedSamples {
  const items = text.split(' ').filter((item) => item !== '');
  return {
    timestamps: Float64Array.from(items, (item) => Number(item.replace('!', '')) * 1000),
    values: Float64Array.from(items, () => 1),
    ...(text.includes('!') ? { stale: Uint8Array.from(items, (item) => (item.endsWith('!') ? 1 : 0)) } : {}),
  };
}

/** The merged samples. Samples of the second copy are in parentheses. */
function merged(a: MarkedSamples, b: MarkedSamples): string {
  const print = ({ timestamps, stale }: MarkedSamples, i: number): string =>
    `${timestamps[i]! / 1000}${stale?.[i] === 1 ? '!' : ''}`;
  const picks = fillGaps(a, b) ?? { times: Array.from(a.timestamps, (_, i) => i) };
  return picks.times.map((i) => (i >= 0 ? print(a, i) : `(${print(b, ~i)})`)).join(' ');
}

const cases = [
  { name: 'no samples', a: '', b: '', expected: '' },
  { name: 'a leader without samples', a: '', b: '1 40', expected: '(1) (40)' },
  { name: 'another replica without samples', a: '1 40', b: '', expected: '1 40' },
  { name: 'half an interval later', a: '0 30 60 90 120', b: '15 45 75 105 135', expected: '0 30 60 90 120' },
  { name: 'a little earlier', a: '0 60 120 180 240', b: '46 106 166 226', expected: '0 60 120 180 240' },
  {
    name: 'more samples in the second copy, at both ends',
    a: '30 60 90 120',
    b: '5 35 65 95 125 155',
    expected: '30 60 90 120',
  },
  { name: 'the same times and a gap', a: '0 30 60 120', b: '0 30 60 90 120', expected: '0 30 60 (90) 120' },
  {
    name: 'one missing sample',
    a: '0 30 60 120 150',
    b: '10 40 70 100 130',
    expected: '0 30 60 (100) 120 150',
  },
  {
    name: 'one missing sample, half an interval out of step',
    a: '0 30 60 120 150',
    b: '15 45 75 105 135',
    expected: '0 30 60 (75) 120 150',
  },
  {
    name: 'a longer gap',
    a: '0 30 60 180 210 240',
    b: '1 31 61 91 121 151 181 211',
    expected: '0 30 60 (91) (121) (151) 180 210 240',
  },
  {
    name: 'a leader that starts later',
    a: '180 210 240 270',
    b: '1 31 61 91 121 151 181 211',
    expected: '(1) (31) (61) (91) (121) (151) 180 210 240 270',
  },
  {
    name: 'a leader that ends earlier',
    a: '0 30 60',
    b: '10 40 70 100 130',
    expected: '0 30 60 (100) (130)',
  },
  {
    name: 'jitter',
    a: '0 29 61 92 118 150 181',
    b: '15.6 44 77 105 135',
    expected: '0 29 61 92 118 150 181',
  },
  {
    name: 'a change of the interval',
    a: '0 15 30 45 60 120 180 240 300 360',
    b: '7 22 37 52 67 127 187 247 307',
    expected: '0 15 30 45 60 120 180 240 300 360',
  },
  {
    name: 'a leader with the longer interval',
    a: '0 60 120 180 240',
    b: '5 20 35 50 65 80 95 110 125 140 155',
    expected: '0 60 120 180 240',
  },
  {
    name: 'one sample each',
    a: '0',
    b: '20',
    expected: '0',
  },
  {
    name: 'one sample of the leader, and the interval of the other copy',
    a: '100',
    b: '0 30 60 90 120 150 180',
    expected: '(0) (30) (60) 100 (120) (150) (180)',
  },
  {
    name: 'a stale marker of the leader in a gap of the leader only',
    a: '0 30 60! 90 120 150',
    b: '10 40 70 100 130',
    expected: '0 30 (70) 90 120 150',
  },
  {
    name: 'a stale marker at the end of both',
    a: '0 30 60 90!',
    b: '10 40 70 100!',
    expected: '0 30 60 90!',
  },
  {
    name: 'a stale marker of the leader, and a sample of the other copy at the same time',
    a: '0 30 60! 150',
    b: '0 30 60 90 120 150',
    expected: '0 30 (60) (90) (120) 150',
  },
  {
    name: 'stale markers of both in one gap',
    a: '0 30 60 90! 240 270 300',
    b: '10 40 70 100 130 160! 235 265',
    expected: '0 30 60 (100) (130) (160!) 240 270 300',
  },
  {
    name: 'a gap of both at the same time',
    a: '0 30 60 90! 240 270 300',
    b: '10 40 70 100! 250 280',
    expected: '0 30 60 90! 240 270 300',
  },
];

for (const { name, a, b, expected } of cases) {
  t.test(`merges ${name}`, async (t) => {
    t.equal(merged(copy(a), copy(b)), expected);
  });
}

const interval = fc.constantFrom(1, 5, 15, 30, 60, 120);

/** Samples at an interval, from an offset, with jitter, and without those whose number is in a list. */
function scrapes(
  count: number,
  options: { interval: number; offset: number; jitter: number[]; lost: Set<number> },
): MarkedSamples {
  const times = Array.from({ length: count }, (_, i) => i)
    .filter((i) => !options.lost.has(i))
    .map((i) =>
      Math.round((i + options.offset + options.jitter[i % options.jitter.length]!) * options.interval * 1000),
    );
  return { timestamps: Float64Array.from(times), values: new Float64Array(times.length) };
}

const jitter = fc.array(fc.double({ min: -0.08, max: 0.08, noNaN: true }), { minLength: 7, maxLength: 11 });

t.test('a complete leader is not changed, whatever the other copies are', async () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 4, max: 60 }),
      interval,
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      jitter,
      jitter,
      fc.uniqueArray(fc.nat(59)),
      (count, interval, offset, own, other, lost) => {
        const a = scrapes(count, { interval, offset: 0, jitter: own, lost: new Set() });
        const b = scrapes(count, { interval, offset, jitter: other, lost: new Set(lost) });
        return fillGaps(a, b) === undefined;
      },
    ),
    { numRuns: 2000 },
  );
});

t.test('a part of two replicas is merged as the whole, beyond the margin', async () => {
  fc.assert(
    fc.property(
      interval.filter((one) => one >= 15),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      jitter,
      fc.tuple(fc.integer({ min: 20, max: 60 }), fc.integer({ min: 1, max: 9 })),
      fc.tuple(fc.integer({ min: 90, max: 120 }), fc.integer({ min: 1, max: 9 })),
      fc.integer({ min: 10, max: 110 }),
      fc.integer({ min: 1, max: 40 }),
      (interval, offset, noise, [from, length], [otherFrom, otherLength], start, duration) => {
        const lost = (first: number, count: number): Set<number> =>
          new Set(Array.from({ length: count }, (_, i) => first + i));
        const a = scrapes(200, { interval, offset: 0, jitter: noise, lost: lost(from, length) });
        const b = scrapes(200, { interval, offset, jitter: noise, lost: lost(otherFrom, otherLength) });
        const window = { from: start * interval * 1000, to: (start + duration) * interval * 1000 };
        const part = (all: MarkedSamples, marginMs: number): MarkedSamples => {
          const kept = all.timestamps.filter(
            (ms) => ms > window.from - marginMs && ms <= window.to + marginMs,
          );
          return { timestamps: kept, values: new Float64Array(kept.length) };
        };
        const timesOf = (x: MarkedSamples, y: MarkedSamples): number[] => {
          const picks = fillGaps(x, y);
          const times = picks?.times.map((i) => (i >= 0 ? x.timestamps[i]! : y.timestamps[~i]!)) ?? [
            ...x.timestamps,
          ];
          return times.filter((ms) => ms > window.from && ms <= window.to);
        };
        const whole = timesOf(a, b);
        const partial = timesOf(part(a, 1.5 * 120_000), part(b, 1.5 * 120_000));
        return JSON.stringify(whole) === JSON.stringify(partial);
      },
    ),
    { numRuns: 2000 },
  );
});
