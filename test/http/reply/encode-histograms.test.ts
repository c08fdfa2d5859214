import t from 'tap';

import { encodeAnswer } from '../../../src/http/reply/encode-answer.js';
import {
  createHistogram,
  CUSTOM_BUCKETS,
  instantGrid,
  Labels,
  rangeGrid,
  type Column,
  type Grid,
} from '../../../src/model/index.js';
import { valueAnswer } from '../../helpers/federation.js';
import { readBytes } from '../../helpers/frame-streams.js';
import { denseBuckets } from '../../helpers/series/dense-buckets.js';

const exponential = createHistogram({
  schema: 0,
  count: 7,
  sum: 4.5,
  zeroCount: 1,
  zeroThreshold: 0.001,
  positive: denseBuckets(0, [2, 0, 3]),
  negative: denseBuckets(1, [1]),
});
const custom = createHistogram({
  schema: CUSTOM_BUCKETS,
  count: 3,
  sum: 9,
  customValues: [5],
  positive: denseBuckets(0, [1, 2]),
});

async function encoded(column: Column, kind: 'instant' | 'range', grid: Grid): Promise<unknown> {
  const answer = valueAnswer({ type: 'vector', columns: [column], ordered: false });
  const bytes = await readBytes(encodeAnswer(answer, { kind, grid, limit: undefined }));
  const body = JSON.parse(bytes.toString()) as { data: { result: unknown } };
  return body.data.result;
}

t.test('a histogram is encoded with its populated buckets and the inclusivity of their bounds', async (t) => {
  const column: Column = {
    labels: Labels.of([['l', 'a']]),
    values: new Float64Array(1),
    present: Uint8Array.of(2),
    histograms: [exponential],
  };
  t.same(await encoded(column, 'instant', instantGrid(1000)), [
    {
      metric: { l: 'a' },
      histogram: [
        1,
        {
          count: '7',
          sum: '4.5',
          buckets: [
            [1, '-2', '-1', '1'],
            [3, '-0.001', '0.001', '1'],
            [0, '0.5', '1', '2'],
            [0, '2', '4', '3'],
          ],
        },
      ],
    },
  ]);
});

t.test('floats and histograms of one series are separate members', async (t) => {
  const column: Column = {
    labels: Labels.of([['l', 'a']]),
    values: Float64Array.of(3, 0, 0),
    present: Uint8Array.of(1, 0, 2),
    histograms: [undefined, undefined, custom],
  };
  const buckets = [
    [3, '-Inf', '5', '1'],
    [0, '5', '+Inf', '2'],
  ];
  t.same(await encoded(column, 'range', rangeGrid(0, 2000, 1000)), [
    { metric: { l: 'a' }, values: [[0, '3']], histograms: [[2, { count: '3', sum: '9', buckets }]] },
  ]);
  t.same(await encoded({ ...column, present: Uint8Array.of(0, 0, 2) }, 'range', rangeGrid(0, 2000, 1000)), [
    { metric: { l: 'a' }, histograms: [[2, { count: '3', sum: '9', buckets }]] },
  ]);
});
