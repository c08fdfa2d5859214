// Merging the copies of a series that overlapping groups have: all samples, and the stale markers that end it.

import t from 'tap';

import { mergeGroupSeries } from '../../src/merge/index.js';
import { createHistogram, Labels, type RawSeries } from '../../src/model/index.js';

/** Seconds, and a value or a stale marker (`s`). */
type Sample = readonly [timeS: number, value: number | 's'];

function copy(samples: readonly Sample[]): RawSeries {
  return {
    labels: Labels.from({ __name__: 'x' }),
    timestamps: Float64Array.from(samples, ([timeS]) => timeS * 1000),
    values: Float64Array.from(samples, ([, value]) => (value === 's' ? NaN : value)),
    stale: Uint8Array.from(samples, ([, value]) => (value === 's' ? 1 : 0)),
  };
}

function samplesOf({ timestamps, values, stale }: RawSeries): Sample[] {
  return Array.from(timestamps, (timeMs, i) => [timeMs / 1000, stale?.[i] === 1 ? 's' : values[i]!]);
}

/** A value each minute, from `firstS` to `lastS`, both inclusive. */
const minutes = (firstS: number, lastS: number, value = 1): Sample[] =>
  Array.from({ length: (lastS - firstS) / 60 + 1 }, (_, i) => [firstS + 60 * i, value]);

interface MergeCase {
  readonly name: string;
  readonly copies: readonly (readonly Sample[])[];
  readonly merged: readonly Sample[];
}

const cases: readonly MergeCase[] = [
  {
    name: 'a series that has moved',
    copies: [minutes(0, 120), minutes(180, 300, 2)],
    merged: [...minutes(0, 120), ...minutes(180, 300, 2)],
  },
  {
    name: 'a series that has moved back and forth',
    copies: [[...minutes(0, 60), ...minutes(240, 300)], minutes(120, 180, 2)],
    merged: [...minutes(0, 60), ...minutes(120, 180, 2), ...minutes(240, 300)],
  },
  {
    name: 'the sample of the first copy at the same time',
    copies: [minutes(60, 120), minutes(0, 180, 2)],
    merged: [[0, 2], ...minutes(60, 120), [180, 2]],
  },
  {
    name: 'all samples of copies that are out of step',
    copies: [minutes(0, 120), minutes(15, 135, 2)],
    merged: [
      [0, 1],
      [15, 2],
      [60, 1],
      [75, 2],
      [120, 1],
      [135, 2],
    ],
  },
  {
    name: 'no marker after the first sample of the copy that a series has moved to',
    copies: [[...minutes(0, 120), [195, 's']], minutes(180, 300, 2)],
    merged: [...minutes(0, 120), ...minutes(180, 300, 2)],
  },
  {
    name: 'no marker at the time of another sample',
    copies: [[...minutes(0, 120), [180, 's']], minutes(180, 300, 2)],
    merged: [...minutes(0, 120), ...minutes(180, 300, 2)],
  },
  {
    name: 'a marker before the series has moved',
    copies: [[...minutes(0, 120), [135, 's']], minutes(180, 300, 2)],
    merged: [...minutes(0, 120), [135, 's'], ...minutes(180, 300, 2)],
  },
  {
    name: 'no marker while another copy continues',
    copies: [[...minutes(0, 120), [180, 's']], minutes(15, 315, 2)],
    merged: [[0, 1], [15, 2], [60, 1], [75, 2], [120, 1], [135, 2], ...minutes(195, 315, 2)],
  },
  {
    name: 'a marker soon after the series has moved',
    copies: [
      minutes(0, 120),
      [
        [130, 2],
        [190, 's'],
      ],
    ],
    merged: [...minutes(0, 120), [130, 2], [190, 's']],
  },
  {
    name: 'no marker before the next sample of a copy with a longer interval',
    copies: [
      [
        [115, 1],
        [130, 1],
        [145, 's'],
      ],
      minutes(0, 240, 2),
    ],
    merged: [...minutes(0, 60, 2), [115, 1], [120, 2], [130, 1], ...minutes(180, 240, 2)],
  },
  {
    name: 'a marker after a copy with a longer interval has stopped without one',
    copies: [
      [
        [205, 1],
        [220, 's'],
      ],
      minutes(0, 120, 2),
    ],
    merged: [...minutes(0, 120, 2), [205, 1], [220, 's']],
  },
  {
    name: 'no marker of the copy with the shorter interval',
    copies: [
      [
        [100, 1],
        [115, 1],
        [130, 's'],
      ],
      minutes(0, 240, 2),
    ],
    merged: [[0, 2], [60, 2], [100, 1], [115, 1], ...minutes(120, 240, 2)],
  },
  {
    name: 'the marker at which both copies end',
    copies: [
      [...minutes(0, 120), [180, 's']],
      [...minutes(0, 120, 2), [180, 's']],
    ],
    merged: [...minutes(0, 120), [180, 's']],
  },
  {
    name: 'the last of the markers',
    copies: [
      [...minutes(0, 120), [180, 's']],
      [...minutes(30, 150, 2), [210, 's']],
    ],
    merged: [
      [0, 1],
      [30, 2],
      [60, 1],
      [90, 2],
      [120, 1],
      [150, 2],
      [210, 's'],
    ],
  },
  {
    name: 'a marker after another copy has stopped without one',
    copies: [[...minutes(0, 240), [300, 's']], minutes(15, 135, 2)],
    merged: [
      [0, 1],
      [15, 2],
      [60, 1],
      [75, 2],
      [120, 1],
      [135, 2],
      [180, 1],
      [240, 1],
      [300, 's'],
    ],
  },
  {
    name: 'no marker after the only sample of another copy, when that is newer',
    copies: [
      [
        [0, 1],
        [75, 's'],
      ],
      [[60, 2]],
    ],
    merged: [
      [0, 1],
      [60, 2],
    ],
  },
  {
    name: 'a marker after the only samples, when the other one is older',
    copies: [
      [
        [60, 1],
        [75, 's'],
      ],
      [[0, 2]],
    ],
    merged: [
      [0, 2],
      [60, 1],
      [75, 's'],
    ],
  },
  {
    name: 'three copies, of which one continues',
    copies: [[...minutes(0, 60), [120, 's']], [...minutes(15, 75, 2), [135, 's']], minutes(30, 210, 3)],
    merged: [[0, 1], [15, 2], [30, 3], [60, 1], [75, 2], ...minutes(90, 210, 3)],
  },
  {
    name: 'markers only',
    copies: [[[0, 's']], [[0, 's']]],
    merged: [[0, 's']],
  },
];

t.test('the merge of overlapping groups', async (t) => {
  for (const { name, copies, merged } of cases) {
    t.same(samplesOf(mergeGroupSeries(copies.map(copy))), merged, name);
  }
});

t.test('which copy is first matters only at equal times', async (t) => {
  for (const { name, copies, merged } of cases) {
    const reversed = samplesOf(mergeGroupSeries(copies.map(copy).reverse()));
    t.same(
      reversed.map(([timeS, value]) => [timeS, value === 's']),
      merged.map(([timeS, value]) => [timeS, value === 's']),
      name,
    );
  }
});

t.test('a dropped marker does not shift the histograms after it', async (t) => {
  const histograms = (count: number, times: readonly number[], marker?: number): RawSeries => ({
    labels: Labels.EMPTY,
    timestamps: Float64Array.from(times, (timeS) => timeS * 1000),
    values: new Float64Array(times.length),
    ...(marker === undefined ? {} : { stale: Uint8Array.from(times, (_, i) => (i === marker ? 1 : 0)) }),
    histograms: times.map((_, i) =>
      i === marker ? undefined : createHistogram({ count: count + i, hint: 'not_reset' }),
    ),
  });
  const a = histograms(10, [0, 60, 120, 240], 2);
  const b = histograms(20, [30, 90, 150]);
  const merged = mergeGroupSeries([a, b]);
  t.same(
    merged.histograms!.map((one) => `${one!.count} ${one!.hint}`),
    ['10 not_reset', '20 unknown', '11 unknown', '21 unknown', '22 not_reset', '13 unknown'],
  );
  t.same(
    [...merged.timestamps],
    [0, 30, 60, 90, 150, 240].map((timeS) => timeS * 1000),
  );
  t.notOk(merged.stale?.includes(1));
});

t.test(
  'counters of replicas keep their increases, and follow the stored values between groups',
  async (t) => {
    const counter = (samples: readonly Sample[], counters: readonly number[]): RawSeries => ({
      ...copy(samples),
      counterValues: Float64Array.from(counters),
    });
    // The replica that fills the gap counts on its own: 500 instead of 15.
    const filled = counter(
      [
        [0, 10],
        [60, 500],
        [120, 20],
        [135, 's'],
      ],
      [10, 15, 20, NaN],
    );
    const others: readonly Sample[] = [
      [180, 26],
      [240, 3],
      [300, 5],
    ];
    const valuesOf = ({ counterValues }: RawSeries): number[] => [...counterValues!];
    t.same(valuesOf(mergeGroupSeries([filled, copy(others)])), [10, 15, 20, 0, 26, 3, 5]);
    t.same(valuesOf(mergeGroupSeries([copy(others), filled])), [10, 15, 20, 0, 26, 3, 5]);
    const shifted = counter(
      [
        [180, 26],
        [240, 900],
        [300, 38],
      ],
      [26, 32, 38],
    );
    t.same(valuesOf(mergeGroupSeries([filled, shifted])), [10, 15, 20, 0, 26, 32, 38]);
    t.same(valuesOf(mergeGroupSeries([shifted, copy([[360, 45]])])), [26, 32, 38, 45]);
    t.equal(mergeGroupSeries([copy(others), copy(minutes(0, 60))]).counterValues, undefined);
  },
);
