// Hostile queries.

import type { HostileCase } from '../../helpers/hostile/hostile-case.js';
import { send, type Answered } from '../../helpers/hostile/requests.js';
import { vectorOf } from './answers.js';

const BIG_PATTERN = 'x{1000}'.repeat(285);
const HUGE_PATTERN = 'x{1000}'.repeat(800);

/** More requests than promfed sends to detect and learn while a case runs. */
const BACKGROUND_REQUESTS = 20;

/** A case of one query, whose status is one of `statuses`. */
function queryCase(
  name: string,
  query: string,
  statuses: readonly number[],
  options: Partial<HostileCase> & { readonly maxRequests?: number } = {},
): HostileCase {
  const { maxRequests = Infinity, ...rest } = options;
  return {
    name,
    fast: false,
    attack: ({ server }) => send(server.url, '/api/v1/query', { query }, 'POST'),
    problem: (result, requests) =>
      requests > maxRequests ? `${requests} requests were sent` : statusProblem(result, statuses),
    ...rest,
  };
}

function statusProblem(result: unknown, statuses: readonly number[]): string | undefined {
  const answers = Array.isArray(result) ? (result as Answered[]) : [result as Answered];
  const wrong = answers.find(({ status }) => !statuses.includes(status));
  return wrong && `${wrong.status} ${wrong.text.slice(0, 300)}`;
}

/** Returns the cases. */
export function queryCases(): readonly HostileCase[] {
  return [
    queryCase('a subquery of 290 years by milliseconds', 'max_over_time(sum(nosuch)[290y:1ms])', [422], {
      maxRequests: BACKGROUND_REQUESTS,
      fast: true,
    }),
    queryCase('a subquery of 10 years by seconds', 'max_over_time(sum(nosuch)[10y:1s])', [422, 503], {
      maxRequests: 5_000,
    }),
    // 9,999 nodes: a region can compute all of it.
    queryCase('5,000 selectors', Array.from({ length: 5_000 }, (_, i) => `nosuch_${i}`).join(' or '), [200], {
      maxRequests: 3 + BACKGROUND_REQUESTS,
    }),
    queryCase(
      '2,000 sums over all regions',
      Array.from({ length: 2_000 }, (_, i) => `sum(nosuch_${i})`).join(' or '),
      [422],
      { maxRequests: BACKGROUND_REQUESTS, fast: true },
    ),
    // 4,999 nodes that are sent to three regions.
    queryCase(
      '1,600 sums over all regions',
      Array.from({ length: 1_600 }, (_, i) => `sum(nosuch_${i})`).join(' + '),
      [200, 422, 503],
      { maxRequests: 4_800 + BACKGROUND_REQUESTS },
    ),
    {
      name: 'three queries of 4,500 requests that no region answers',
      fast: false,
      prepare: (regions) => {
        regions.serve('unanswered', () => undefined);
      },
      attack: ({ server }) => {
        const query = Array.from({ length: 1_500 }, (_, i) => `sum(unanswered_${i})`).join(' + ');
        return Promise.all(
          Array.from({ length: 3 }, () => send(server.url, '/api/v1/query', { query }, 'POST')),
        );
      },
      problem: (result) => statusProblem(result, [422, 503]),
    },
    {
      name: '1,000 match[] of ten matchers',
      fast: false,
      attack: ({ server }) =>
        send(
          server.url,
          '/api/v1/series',
          Array.from({ length: 1_000 }, (_, i) => `match[]={${'a="nosuch",'.repeat(9)}b="${i}"}`).join('&'),
          'POST',
        ),
      problem: (result) => statusProblem(result, [200]),
    },
    queryCase('a regular expression of 2 KB', `nosuch{a=~"${BIG_PATTERN}"}`, [200, 400, 422]),
    queryCase('a regular expression of 5.6 KB', `nosuch{a=~"${HUGE_PATTERN}"}`, [200, 400, 422]),
    queryCase(
      'a regular expression of 5.6 KB in label_replace',
      `label_replace(vector(1), "a", "$1", "b", "${HUGE_PATTERN}")`,
      [400, 422],
    ),
    {
      name: 'regular expressions of 5.6 KB in match[] and format_query',
      fast: false,
      attack: ({ server }) =>
        Promise.all([
          send(server.url, '/api/v1/series', { 'match[]': `nosuch{a=~"${HUGE_PATTERN}"}` }, 'POST'),
          send(server.url, '/api/v1/format_query', { query: `nosuch{a=~"${HUGE_PATTERN}"}` }, 'POST'),
          send(server.url, '/api/v1/rules', { 'match[]': `nosuch{a=~"${HUGE_PATTERN}"}` }, 'GET'),
        ]),
      problem: (result) => statusProblem(result, [200, 400, 422]),
    },
    queryCase(
      'a pattern on a label value of 400 KB',
      'label_replace(sum by (v) (long_label), "a", "$1", "v", "(.*?)(x{0,200})(.*)")',
      [200, 422, 503],
      {
        prepare: (regions) => {
          regions.serve(
            'long_label',
            vectorOf(1, () => `"v":"${'x'.repeat(400_000)}"`),
          );
        },
      },
    ),
    queryCase('1+1+1+… of 2 MB', Array.from({ length: 1_000_000 }, () => '1').join('+'), [400], {
      fast: true,
    }),
    queryCase('1+1+1+… of 1 MB', Array.from({ length: 520_000 }, () => '1').join('+'), [400]),
    {
      name: '300,000 match[]',
      fast: true,
      attack: ({ server }) =>
        send(
          server.url,
          '/api/v1/series',
          Array.from({ length: 300_000 }, () => 'match[]=nosuch').join('&'),
          'POST',
        ),
      problem: (result) => statusProblem(result, [400, 422]),
    },
    {
      name: 'forms of 10 MB of parameters',
      fast: false,
      attack: ({ server }) =>
        Promise.all(
          Array.from({ length: 4 }, () => send(server.url, '/api/v1/query', 'a=&'.repeat(3_000_000), 'POST')),
        ),
      problem: (result) => statusProblem(result, [400, 413, 422, 503]),
    },
    queryCase(
      'a hundred nested label_replace over 2,000 series',
      nested(100, 'many_series'),
      [200, 422, 503],
      {
        prepare: (regions) => {
          regions.serve(
            'many_series',
            vectorOf(2_000, (i) => `"__name__":"many_series","n":"${i}"`),
          );
        },
      },
    ),
    queryCase('400 nested label_replace', nested(400, 'nosuch'), [200, 400, 422]),
    queryCase(
      'a window of four million points that is sorted',
      'quantile_over_time(0.5, (vector(time()) % 977)[50d:1s])',
      [200, 422, 503],
    ),
    queryCase(
      'label_join with 200,000 arguments',
      `label_join(vector(1), "a", "-"${', "b"'.repeat(200_000)})`,
      [200, 400],
    ),
  ];
}

function nested(levels: number, operand: string): string {
  let query = operand;
  for (let i = 0; i < levels; i++) query = `label_replace(${query}, "l${i}", "value-${i}-$1", "n", "(.*)")`;
  return query;
}
