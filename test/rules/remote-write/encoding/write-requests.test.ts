// The messages of remote write, decoded by the protobuf library.

import t from 'tap';

import { createHistogram, CUSTOM_BUCKETS, Labels, type Histogram } from '../../../../src/model/index.js';
import { encodeWriteRequestV1 } from '../../../../src/rules/remote-write/encoding/write-request-v1.js';
import { encodeWriteRequestV2 } from '../../../../src/rules/remote-write/encoding/write-request-v2.js';
import type { WriteSample, WriteSeries } from '../../../../src/rules/remote-write/encoding/write-series.js';
import { bitsOf, decodeV1, decodeV2, type DecodedSeries } from '../../../helpers/remote-write/messages.js';

const ENCODINGS = {
  '1.0': (series: readonly WriteSeries[]): DecodedSeries[] => decodeV1(encodeWriteRequestV1(series)),
  '2.0': (series: readonly WriteSeries[]): DecodedSeries[] => decodeV2(encodeWriteRequestV2(series)).series,
} as const;

const UP = Labels.from({ __name__: 'up', job: 'Größe', zone: 'eu' });

/** Encodes one series in both versions, which must be equal, and returns it. */
function encodeOne(t: Tap, samples: readonly WriteSample[]): DecodedSeries {
  const series = [{ labels: UP, samples }];
  const first = ENCODINGS['1.0'](series)[0]!;
  t.same(ENCODINGS['2.0'](series)[0], first, 'both versions have the same content');
  return first;
}

type Tap = Pick<typeof t, 'same'>;

t.test('a series has sorted labels and its samples in order', (t) => {
  const { labels, samples } = encodeOne(t, [
    { timeMs: 0, value: 0 },
    { timeMs: 1_700_000_000_000, value: -1.5 },
    { timeMs: 1_700_000_000_001, value: Infinity },
  ]);
  t.same(labels, [
    ['__name__', 'up'],
    ['job', 'Größe'],
    ['zone', 'eu'],
  ]);
  t.same(samples, [
    { timeMs: 0, bits: 0n },
    { timeMs: 1_700_000_000_000, bits: bitsOf(-1.5) },
    { timeMs: 1_700_000_000_001, bits: bitsOf(Infinity) },
  ]);
  t.end();
});

t.test('a stale marker differs from every NaN that rules compute', (t) => {
  const staleBits = new Float64Array(new BigUint64Array([0x7ff0_0000_0000_0002n]).buffer)[0]!;
  const { samples } = encodeOne(t, [
    { timeMs: 1, value: 'stale' },
    { timeMs: 2, value: NaN },
    { timeMs: 3, value: staleBits },
  ]);
  t.same(
    samples.map(({ bits }) => bits),
    [0x7ff0_0000_0000_0002n, 0x7ff8_0000_0000_0001n, 0x7ff8_0000_0000_0001n],
  );
  t.end();
});

const HISTOGRAMS: readonly { name: string; histogram: Histogram; expected: object }[] = [
  {
    name: 'an empty histogram',
    histogram: createHistogram(),
    expected: { timestamp: '7' },
  },
  {
    name: 'a float histogram with gaps and both signs',
    histogram: createHistogram({
      schema: -2,
      zeroThreshold: 0.001,
      zeroCount: 0.5,
      count: 10.25,
      sum: -3,
      positive: { indices: [-3, -2, 0, 5], counts: [1, 2.5, 3, 1.25] },
      negative: { indices: [2, 3], counts: [1, 1] },
      hint: 'gauge',
    }),
    expected: {
      timestamp: '7',
      schema: -2,
      zero_threshold: 0.001,
      zero_count_float: 0.5,
      count_float: 10.25,
      sum: String(bitsOf(-3)),
      positive_spans: [
        { offset: -3, length: 2 },
        { offset: 1, length: 1 },
        { offset: 4, length: 1 },
      ],
      positive_counts: [1, 2.5, 3, 1.25],
      negative_spans: [{ offset: 2, length: 2 }],
      negative_counts: [1, 1],
      reset_hint: 3,
    },
  },
  {
    name: 'custom buckets',
    histogram: createHistogram({
      schema: CUSTOM_BUCKETS,
      count: 6,
      sum: 2,
      positive: { indices: [0, 2], counts: [4, 2] },
      customValues: [-1.5, 0.25],
      hint: 'reset',
    }),
    expected: {
      timestamp: '7',
      schema: -53,
      count_float: 6,
      sum: String(bitsOf(2)),
      positive_spans: [{ length: 1 }, { offset: 1, length: 1 }],
      positive_counts: [4, 2],
      custom_values: [-1.5, 0.25],
      reset_hint: 1,
    },
  },
];

for (const { name, histogram, expected } of HISTOGRAMS) {
  t.test(`native histograms: ${name}`, (t) => {
    const { histograms, samples } = encodeOne(t, [{ timeMs: 7, value: histogram }]);
    t.same(histograms, [expected]);
    t.same(samples, []);
    t.end();
  });
}

t.test('floats, stale markers and histograms of one series are in one message', (t) => {
  const { samples, histograms } = encodeOne(t, [
    { timeMs: 1, value: 1 },
    { timeMs: 2, value: createHistogram({ count: 1 }) },
    { timeMs: 3, value: 'stale' },
  ]);
  t.same(
    samples.map(({ timeMs }) => timeMs),
    [1, 3],
  );
  t.same(
    histograms.map(({ timestamp }) => timestamp),
    ['2'],
  );
  t.end();
});

t.test('version 2.0 has each string once, after the empty one', (t) => {
  const { symbols } = decodeV2(
    encodeWriteRequestV2([
      { labels: Labels.from({ __name__: 'a', zone: 'a' }), samples: [{ timeMs: 1, value: 1 }] },
      { labels: Labels.from({ __name__: 'b', zone: 'a' }), samples: [{ timeMs: 1, value: 1 }] },
    ]),
  );
  t.same(symbols, ['', '__name__', 'a', 'zone', 'b']);
  t.end();
});
