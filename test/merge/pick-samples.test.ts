// The anti-affinity rule: cases, and properties of any two replicas.

import fc from 'fast-check';
import t from 'tap';

import type { Samples } from '../../src/merge/index.js';
import { mergeReplicas } from './merge-two-replicas.js';

/** Parses `10@1 20@3`, values with their times. The value is 10 when only the time is given. */
function samples(text: string): Samples {
  const pairs = text
    .split(' ')
    .filter((pair) => pair !== '')
    .map((pair) => pair.split('@').map(Number))
    .map(([first, time]) => (time === undefined ? [10, first!] : [first!, time]));
  return {
    timestamps: Float64Array.from(pairs, ([, time]) => time!),
    values: Float64Array.from(pairs, ([value]) => value!),
  };
}

function print({ timestamps, values }: Samples): string {
  return Array.from(timestamps, (time, i) => (values[i] === 10 ? `${time}` : `${values[i]!}@${time}`)).join(
    ' ',
  );
}

const cases = [
  // promxy's own test cases.
  { name: 'two samples far apart, no buffer', a: '100', b: '200', bufferMs: 0, expected: '100 200' },
  { name: 'two samples within the buffer', a: '100', b: '101', bufferMs: 2, expected: '100' },
  {
    name: 'the first replica has priority even if it is later',
    a: '101',
    b: '100',
    bufferMs: 2,
    expected: '101',
  },
  {
    name: 'a hole that the longer replica does not have',
    a: '1 6',
    b: '1 2 3 4 5 6',
    bufferMs: 2,
    expected: '1 2 3 4 5 6',
  },
  {
    name: 'a gap too small for the buffer',
    a: '10 20 50 60',
    b: '30 40 50 60',
    bufferMs: 10,
    expected: '10 20 50 60',
  },
  {
    name: 'the larger value, no buffer',
    a: '1 20@3 6',
    b: '1 2 3 4 5 6',
    bufferMs: 0,
    preferMax: true,
    expected: '1 2 20@3 4 5 6',
  },
  {
    name: 'larger values within a small buffer',
    a: '10 20@30 20@60',
    b: '10 20 30 40 50 60',
    bufferMs: 1,
    preferMax: true,
    expected: '10 20 20@30 40 50 20@60',
  },
  // Cases that they do not cover.
  { name: 'two replicas without samples', a: '', b: '', bufferMs: 5, expected: '' },
  { name: 'a first replica without samples', a: '', b: '1 2', bufferMs: 5, expected: '1 2' },
  { name: 'a second replica without samples', a: '1 2', b: '', bufferMs: 5, expected: '1 2' },
  {
    name: 'samples before the base by more than the buffer',
    a: '100 110 120',
    b: '10 50 95',
    bufferMs: 10,
    expected: '10 50 100 110 120',
  },
  {
    name: 'samples before the base by exactly the buffer',
    a: '100 110',
    b: '90',
    bufferMs: 10,
    expected: '100 110',
  },
  {
    name: 'samples after the base',
    a: '10 20 30',
    b: '40 41 42',
    bufferMs: 10,
    expected: '10 20 30 41 42',
  },
  {
    name: 'a gap of exactly twice the buffer',
    a: '0 20 40 60',
    b: '10 30',
    bufferMs: 10,
    expected: '0 20 40 60',
  },
  {
    name: 'a larger gap, with all samples that are far enough from its ends',
    a: '0 60 70 80 90',
    b: '5 11 12 49',
    bufferMs: 10,
    expected: '0 11 12 49 60 70 80 90',
  },
  { name: 'the replica with more samples is the base', a: '0', b: '1 2', bufferMs: 5, expected: '1 2' },
  {
    name: 'the larger value at the first sample',
    a: '10@10',
    b: '30@10',
    bufferMs: 0,
    preferMax: true,
    expected: '30@10',
  },
  {
    name: 'the larger value keeps the base’s time',
    a: '100 200',
    b: '20@105',
    bufferMs: 10,
    preferMax: true,
    expected: '20@100 200',
  },
  {
    name: 'a value exactly the buffer away is another sample',
    a: '100 200',
    b: '20@110',
    bufferMs: 10,
    preferMax: true,
    expected: '100 200',
  },
  {
    name: 'only the first sample within the buffer is compared',
    a: '100 200',
    b: '5@98 20@102',
    bufferMs: 10,
    preferMax: true,
    expected: '100 200',
  },
  {
    name: 'a smaller value is ignored',
    a: '100',
    b: '5@100',
    bufferMs: 10,
    preferMax: true,
    expected: '100',
  },
  { name: 'NaN is not larger', a: '100', b: 'NaN@100', bufferMs: 10, preferMax: true, expected: '100' },
  { name: 'without preferMax the value is the base’s', a: '100', b: '30@100', bufferMs: 10, expected: '100' },
];

for (const { name, a, b, bufferMs, preferMax, expected } of cases) {
  t.test(`merges ${name}`, async (t) => {
    const merged = mergeReplicas(samples(a), samples(b), {
      bufferMs,
      ...(preferMax === undefined ? {} : { preferMax }),
    });
    t.equal(print(merged), expected);
  });
}

const series = fc
  .uniqueArray(fc.tuple(fc.nat(200), fc.integer({ min: 0, max: 5 })), {
    selector: ([time]) => time,
    maxLength: 30,
  })
  .map((pairs) => pairs.sort((a, b) => a[0] - b[0]))
  .map((pairs) => ({
    timestamps: Float64Array.from(pairs, ([time]) => time),
    values: Float64Array.from(pairs, ([, value]) => value),
  }));

t.test(
  'the result ascends, has the base’s times and no new ones, and merging it with itself changes nothing',
  async () => {
    fc.assert(
      fc.property(series, series, fc.nat(20), fc.boolean(), (a, b, bufferMs, preferMax) => {
        const merged = mergeReplicas(a, b, { bufferMs, preferMax });
        const times = [...merged.timestamps];
        const base = b.timestamps.length > a.timestamps.length ? b : a;
        const known = new Set([...a.timestamps, ...b.timestamps]);
        const again = mergeReplicas(merged, merged, { bufferMs });
        return (
          times.every((time, i) => i === 0 || times[i - 1]! < time) &&
          base.timestamps.every((time) => times.includes(time)) &&
          times.every((time) => known.has(time)) &&
          print(again) === print(merged)
        );
      }),
      { numRuns: 3000 },
    );
  },
);

t.test('added samples are more than the buffer away from the base’s', async () => {
  fc.assert(
    fc.property(series, series, fc.integer({ min: 1, max: 20 }), (a, b, bufferMs) => {
      const base = b.timestamps.length > a.timestamps.length ? b : a;
      const ofBase = new Set(base.timestamps);
      return [...mergeReplicas(a, b, { bufferMs }).timestamps]
        .filter((time) => !ofBase.has(time))
        .every((time) => base.timestamps.every((baseTime) => Math.abs(baseTime - time) > bufferMs));
    }),
    { numRuns: 3000 },
  );
});

t.test('a derived buffer is half of the median distance of the longer replica', async (t) => {
  const dynamic = { bufferMs: 2, isDynamic: true };
  for (const { name, a, b, expected } of [
    { name: 'out of step', a: '0 30 60 90', b: '15 45 75 105', expected: '0 30 60 90' },
    { name: 'a gap', a: '0 30 60 90 210 240', b: '20 50 80 110 140', expected: '0 30 60 90 110 140 210 240' },
    { name: 'distances of both when three are needed', a: '0 30 60', b: '16 44', expected: '0 30 60' },
    { name: 'the configured buffer with fewer distances', a: '0 30', b: '15 45', expected: '0 15 30 45' },
  ]) {
    t.equal(print(mergeReplicas(samples(a), samples(b), dynamic)), expected, name);
  }
});
