// Small queries whose computation is large: growing labels, windows of windows, cross products.

import type { HostileCase } from '../../helpers/hostile/hostile-case.js';
import { send, type Answered } from '../../helpers/hostile/requests.js';
import { vectorOf } from './answers.js';

/** Returns the cases. Each is one query, which fails or succeeds within the time-out. */
export function computationCases(): readonly HostileCase[] {
  const day = '[1d:1s]';
  return [
    computation(
      'a label that doubles 40 times by label_replace',
      doubled(40, 'label_replace(', ', "a", "$1$1", "a", "(.*)")'),
    ),
    computation(
      'a label that doubles 40 times by label_join',
      doubled(40, 'label_join(', ', "a", "", "a", "a")'),
    ),
    computation(
      'a replacement of a thousand copies of 400 KB',
      `label_replace(sum by (v) (long_value), "a", "${'$1'.repeat(1000)}", "v", "(.*)")`,
      (regions) => {
        regions.serve(
          'long_value',
          vectorOf(1, () => `"v":"${'x'.repeat(400_000)}"`),
        );
      },
    ),
    computation(
      'sorted windows of a day at each second of a day',
      `max(quantile_over_time(0.5, (quantile_over_time(0.5, (vector(time() * 7 % 1009))${day}))${day}))`,
    ),
    computation(
      'mad_over_time of a day at each second of a day',
      `max_over_time((mad_over_time((vector(time() * 7 % 1009))${day}))${day})`,
    ),
    computation(
      'holt-winters windows of a day at each second of a day',
      `max_over_time((deriv((vector(time() * 7 % 1009))${day}))${day})`,
    ),
    computation(
      'two million invalid quantiles',
      'max_over_time(histogram_quantile(time(), label_replace(vector(1), "le", "+Inf", "", ""))[25d:1s])',
    ),
    computation('six levels of subqueries', nestedSubqueries(6)),
    computation(
      'one side of 2,000 series joined to each of 2,000',
      'count(left_side * on (a) group_left (n) right_side) + count(left_side * on (n) group_left () right_side)',
      (regions) => {
        for (const name of ['left_side', 'right_side']) {
          regions.serve(
            name,
            vectorOf(2_000, (i) => `"__name__":"${name}","a":"same","n":"${i}"`),
          );
        }
      },
    ),
    computation(
      'values of 2,000 series counted at 10,000 steps',
      'count(count_values("value", counted_series * vector(time()))) ',
      (regions) => {
        regions.serve(
          'counted_series',
          vectorOf(2_000, (i) => `"__name__":"counted_series","n":"${i}"`),
        );
      },
    ),
    computation('a topk of a billion over a million steps', 'count(topk(1e9, vector(1)))[11d:1s]'),
    computation('400 levels of parentheses', `${'('.repeat(400)}1${')'.repeat(400)}`),
    computation('100,000 levels of parentheses', `${'('.repeat(100_000)}1${')'.repeat(100_000)}`),
    computation('100,000 signs', `${'-'.repeat(100_000)}1`),
    computation(
      'a string of two megabytes',
      `label_replace(vector(1), "a", "${'b'.repeat(2_000_000)}", "", "")`,
    ),
    computation('a number of two megabytes', '1'.repeat(2_000_000)),
    computation(
      'a grouping of 100,000 labels',
      `sum by (${Array.from({ length: 100_000 }, (_, i) => `l${i}`).join(',')}) (nosuch)`,
    ),
    computation(
      'a selector of 50,000 matchers',
      `nosuch{${Array.from({ length: 50_000 }, (_, i) => `l${i}=~"a.*b|c"`).join(',')}}`,
    ),
  ];
}

function computation(name: string, query: string, prepare?: HostileCase['prepare']): HostileCase {
  return {
    name,
    fast: false,
    ...(prepare && { prepare }),
    attack: ({ server }) => send(server.url, '/api/v1/query', { query }, 'POST'),
    problem: (result) => {
      const { status, text } = result as Answered;
      return [200, 400, 422, 503].includes(status) ? undefined : `${status} ${text.slice(0, 300)}`;
    },
  };
}

function doubled(times: number, before: string, after: string): string {
  const start = 'label_replace(vector(1), "a", "x", "", "")';
  return `${before.repeat(times)}${start}${after.repeat(times)}`;
}

function nestedSubqueries(levels: number): string {
  let query = 'vector(time())';
  for (let i = 0; i < levels; i++) query = `max_over_time((stddev_over_time((${query})[6h:1s]))[6h:1s])`;
  return query;
}
