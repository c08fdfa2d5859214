// `evaluate`: the answer to a query as a value, whatever its plan.

import t from 'tap';

import type { QueryParameters, ValueAnswer } from '../../src/federation/index.js';
import { openResponse } from '../../src/json/index.js';
import { Labels } from '../../src/model/index.js';
import type { GroupSnapshot } from '../../src/upstreams/index.js';
import { federationOf, queryRequest } from '../helpers/federation.js';
import { UNEXPECTED_REQUESTS } from './fake-group.js';

const TIME_MS = 1_000_000;

/** A region that answers every query with `result` and every request for raw samples with two samples. */
function region(name: string, resultType: string, result: unknown): GroupSnapshot {
  return {
    ...UNEXPECTED_REQUESTS,
    name,
    labels: Labels.from({ region: name }),
    ignoreError: false,
    replicated: false,
    async query() {
      const body = JSON.stringify({ status: 'success', data: { resultType, result } });
      const { resultType: type, frames } = await openResponse(
        (async function* () {
          yield Buffer.from(body);
        })(),
      );
      return { resultType: type, frames };
    },
    samples: async () => ({
      series: [
        {
          labels: Labels.from({ __name__: 'x' }),
          timestamps: Float64Array.of(TIME_MS - 2000, TIME_MS - 1000),
          values: Float64Array.of(1, 2),
        },
      ],
      hasStaleMarkers: true,
      trailer: { warnings: [], infos: [], isPartial: false },
    }),
  };
}

async function evaluate(
  groups: readonly GroupSnapshot[],
  text: string,
  changes: Partial<QueryParameters> = {},
): Promise<{ readonly value: ValueAnswer['value']; readonly warnings: readonly string[] }> {
  const answer = await federationOf(groups).evaluate(queryRequest(text, TIME_MS, changes));
  answer.release();
  return { value: answer.value, warnings: answer.annotations.warnings };
}

const ONE = [{ metric: { __name__: 'x' }, value: [TIME_MS / 1000, '7'] }];

t.test('a plan that is one fetch is a vector', async (t) => {
  const { value } = await evaluate([region('eu', 'vector', ONE), region('us', 'vector', ONE)], 'x');
  if (value.type !== 'vector') throw new Error(`a vector was expected, not a ${value.type}`);
  t.same(
    value.columns.map(({ labels, values }) => [labels.toString(), values[0]]),
    [
      ['x{region="eu"}', 7],
      ['x{region="us"}', 7],
    ],
  );
});

t.test('a range vector is its raw samples', async (t) => {
  for (const text of ['x[5m]', '(x[5m])']) {
    const { value } = await evaluate([region('eu', 'matrix', [])], text);
    if (value.type !== 'matrix') throw new Error(`a matrix was expected, not a ${value.type}`);
    t.same(
      value.series.map(({ labels, timestamps, values }) => [labels.toString(), [...timestamps], [...values]]),
      [['x{region="eu"}', [TIME_MS - 2000, TIME_MS - 1000], [1, 2]]],
      text,
    );
  }
});

t.test('a subquery at the root is evaluated at its own steps', async (t) => {
  const steps = [960, 980, 1000].map((timeS) => [timeS, String(timeS)]);
  const { value } = await evaluate([region('eu', 'matrix', [{ metric: {}, values: steps }])], 'x[1m:20s]');
  if (value.type !== 'matrix') throw new Error(`a matrix was expected, not a ${value.type}`);
  t.same([...(value.series[0]?.values ?? [])], [960, 980, 1000]);
});

const HISTOGRAM = [
  {
    metric: { __name__: 'x' },
    histogram: [TIME_MS / 1000, { count: '3', sum: '1.5', buckets: [[0, '1', '2', '3']] }],
  },
];

t.test('native histograms that only JSON has are an error', async (t) => {
  await t.rejects(evaluate([region('eu', 'vector', HISTOGRAM)], 'x'), { code: 'unsupported' });
});

t.test('native histograms are read from JSON for an answer that is displayed, with a warning', async (t) => {
  const groups = [region('eu', 'vector', HISTOGRAM), region('us', 'vector', HISTOGRAM)];
  const accepting = { acceptsLossyHistograms: true };
  const { value, warnings } = await evaluate(groups, 'x', accepting);
  if (value.type !== 'vector') throw new Error(`a vector was expected, not a ${value.type}`);
  t.match(value.columns[0]?.histograms?.[0], { count: 3, sum: 1.5 });
  t.match(warnings[0], /^server group "eu": native histograms are read from JSON/);
  await t.rejects(evaluate(groups, 'sum(x)', accepting), { code: 'unsupported' }, 'not computed with');
});
