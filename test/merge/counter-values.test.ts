// Counters of replicas: gaps are filled without false resets or jumps, and with the resets of the counter.

import t from 'tap';

import { mergeReplicaSeries } from '../../src/merge/index.js';
import { Labels, type RawSeries } from '../../src/model/index.js';

/** Parses `value@seconds`. A value `!` is a stale marker. */
function copy(text: string, name = 'requests_total'): RawSeries {
  const items = text.split(' ').map((item) => item.split('@'));
  const stale = Uint8Array.from(items, ([value]) => (value === '!' ? 1 : 0));
  return {
    labels: Labels.from({ __name__: name }),
    timestamps: Float64Array.from(items, ([, seconds]) => Number(seconds) * 1000),
    values: Float64Array.from(items, ([value]) => Number(value === '!' ? NaN : value)),
    ...(stale.includes(1) ? { stale } : {}),
  };
}

const cases = [
  {
    name: 'the same counter, out of step',
    a: '0@0 30@30 60@60 180@180 210@210',
    b: '10@10 40@40 70@70 100@100 130@130 160@160 190@190',
    values: '0 30 60 100 130 160 180 210',
    counters: undefined,
  },
  {
    name: 'the same counter, in a replica whose clock is slow',
    a: '0@0 60@60 120@120 300@300 360@360',
    b: '1@-14 61@46 121@106 181@166 241@226 301@286 361@346',
    values: '0 60 120 181 241 300 360',
    counters: undefined,
  },
  {
    name: 'a reset inside a gap',
    a: '1000@0 1030@30 1060@60 50@180 80@210',
    b: '1010@10 1040@40 1070@70 1100@100 0@130 30@160 60@190',
    values: '1000 1030 1060 1100 0 30 50 80',
    counters: undefined,
  },
  {
    name: 'a lower counter',
    a: '1000@0 1030@30 1060@60 1180@180 1210@210',
    b: '1@10 31@40 61@70 91@100 121@130 151@160 181@190',
    values: '1000 1030 1060 91 121 151 1180 1210',
    counters: '1000 1030 1060 1100 1130 1160 1180 1210',
  },
  {
    name: 'a higher counter that grows faster',
    a: '0@0 30@30 60@60 180@180 210@210',
    b: '5000@10 5300@40 5600@70 5900@100 6200@130 6500@160 6800@190',
    values: '0 30 60 5900 6200 6500 180 210',
    counters: '0 30 60 180 180 180 180 210',
  },
  {
    name: 'a lower counter after the end of the leader, with a reset',
    a: '1000@0 1030@30 1060@60',
    b: '1@10 31@40 61@70 91@100 121@130 5@160 35@190',
    values: '1000 1030 1060 91 121 5 35',
    counters: '1000 1030 1060 1100 1130 1135 1165',
  },
  {
    name: 'a higher counter before the beginning of the leader',
    a: '100@180 130@210 160@240',
    b: '5010@10 5040@40 5070@70 5100@100 5130@130 5160@160 5190@190 5220@220',
    values: '5010 5040 5070 5100 5130 5160 100 130 160',
    counters: '0 0 0 20 50 80 100 130 160',
  },
  {
    name: 'a leader that was reset in the gap, and another counter',
    a: '1000@0 1030@30 1060@60 10@180 40@210',
    b: '1@10 31@40 61@70 91@100 121@130 151@160 181@190',
    values: '1000 1030 1060 91 121 151 10 40',
    counters: '1000 1030 1060 1100 1130 1160 10 40',
  },
  {
    name: 'another counter without samples before the gap',
    a: '1000@0 1030@30 1060@60',
    b: '91@100 121@130 151@160',
    values: '1000 1030 1060 91 121 151',
    counters: undefined,
  },
  {
    name: 'a stale marker in the gap',
    a: '1000@0 1030@30 1060@60 !@90 1180@180',
    b: '1@10 31@40 61@70 91@100 !@130 1@160 31@190',
    values: '1000 1030 1060 91 NaN 1 1180',
    counters: '1000 1030 1060 1100 1100 1101 1180',
  },
];

for (const { name, a, b, values, counters } of cases) {
  t.test(name, async (t) => {
    const merged = mergeReplicaSeries(copy(a), copy(b));
    t.equal([...merged.values].join(' '), values, 'selectors have the stored values');
    t.equal(merged.counterValues && [...merged.counterValues].join(' '), counters);
  });
}

t.test('metrics without the name of a counter are not changed', async (t) => {
  const [a, b] = ['1000@0 1030@30 1060@60 1180@180', '1@10 31@40 61@70 91@100 121@130 151@160 181@190'];
  t.equal(mergeReplicaSeries(copy(a, 'depth'), copy(b, 'depth')).counterValues, undefined);
});

t.test('a third replica continues the counter of the first one', async (t) => {
  const a = copy('1000@0 1030@30 1060@60');
  const b = copy('1@10 31@40 61@70 91@100 121@130 !@160');
  const c = copy('7002@25 7032@55 7062@85 7092@115 7122@145 7152@175 7182@205 7212@235');
  const merged = mergeReplicaSeries(mergeReplicaSeries(a, b), c);
  t.equal([...merged.timestamps].map((ms) => ms / 1000).join(' '), '0 30 60 100 130 145 175 205 235');
  t.equal([...merged.counterValues!].join(' '), '1000 1030 1060 1100 1130 1145 1175 1205 1235');
});

t.test(
  'a reset that hides between two samples of the other copy does not make it another counter',
  async (t) => {
    const a = copy('10@0 40@30 5@60 80@180 110@210 140@240');
    const b = copy('20@10 50@40 60@70 60@100 60@130 65@160 90@190 120@220');
    t.equal(mergeReplicaSeries(a, b).counterValues, undefined);
  },
);
