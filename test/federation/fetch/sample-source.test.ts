// Queries that are evaluated from the raw samples of groups.

import t from 'tap';

import { EMPTY_TRAILER } from '../../../src/json/index.js';
import { asPromfedError, Labels, PromfedError, printMatchers } from '../../../src/model/index.js';
import type { FetchContext, GroupSnapshot, SamplesQuery } from '../../../src/upstreams/index.js';
import { federationOf, queryRequest } from '../../helpers/federation.js';
import { UNEXPECTED_REQUESTS } from '../fake-group.js';
import { onEagerClock, turnsOf } from '../../helpers/runtime/event-loop-turns.js';

const timeMs = 1_000_000;

interface FakeGroup extends GroupSnapshot {
  /** The selectors that the group received. */
  readonly received: string[];
}

interface FakeOptions {
  readonly labels?: Record<string, string>;
  readonly ignoreError?: boolean;
  /** Called with each query before its answer. */
  readonly before?: (query: SamplesQuery, context: FetchContext) => Promise<void> | void;
  readonly warnings?: readonly string[];
  readonly hasStaleMarkers?: boolean;
}

type Sample = readonly [secondsAgo: number, value: number | 'stale'];

/** A group that answers every selector with the given series. */
function group(
  name: string,
  series: readonly (readonly [labels: Record<string, string>, ...samples: Sample[]])[],
  { labels = {}, ignoreError = false, before, warnings = [], hasStaleMarkers = true }: FakeOptions = {},
): FakeGroup {
  const received: string[] = [];
  return {
    ...UNEXPECTED_REQUESTS,
    name,
    labels: Labels.from(labels),
    ignoreError,
    replicated: false,
    received,
    async samples(query, context) {
      received.push(printMatchers(query.matchers));
      await before?.(query, context);
      for (const [, ...samples] of series) query.budget.reserve(samples.length);
      return {
        series: series.map(([own, ...samples]) => ({
          labels: Labels.from(own),
          timestamps: Float64Array.from(samples, ([ago]) => timeMs - ago * 1000),
          values: Float64Array.from(samples, ([, value]) => (value === 'stale' ? NaN : value)),
          stale: Uint8Array.from(samples, ([, value]) => (value === 'stale' ? 1 : 0)),
        })),
        hasStaleMarkers,
        trailer: { ...EMPTY_TRAILER, warnings },
      };
    },
  };
}

async function evaluate(
  groups: readonly GroupSnapshot[],
  text: string,
  { maxSamples = 1000, timeoutMs = 5000, pushdown = false } = {},
): Promise<{ values: Record<string, number>; warnings: readonly string[] }> {
  const federation = federationOf(groups, { maxSamples, pushdown });
  const answer = await federation.query(queryRequest(text, timeMs, { timeoutMs }));
  try {
    if (answer.kind !== 'value' || answer.value.type !== 'vector') throw new Error('a vector was expected');
    const values = answer.value.columns.map(
      ({ labels, values: own }) => [labels.toString(), own[0]!] as const,
    );
    return { values: Object.fromEntries(values), warnings: answer.annotations.warnings };
  } finally {
    answer.release();
  }
}

t.test('the groups of the plan are queried without their own labels', async (t) => {
  const eu = group('eu', [[{ pod: 'a' }, [30, 1]]], { labels: { region: 'eu' } });
  const us = group('us', [[{ pod: 'a' }, [30, 2]]], { labels: { region: 'us' } });
  t.same((await evaluate([eu, us], 'x')).values, {
    '{pod="a", region="eu"}': 1,
    '{pod="a", region="us"}': 2,
  });
  t.same((await evaluate([eu, us], 'sum(x{region="us",pod=~".+"})')).values, { '{}': 2 });
  t.same(eu.received, ['{__name__="x"}']);
  t.same(us.received, ['{__name__="x"}', '{pod=~".+",__name__="x"}']);
});

t.test('overlapping groups are merged, and at equal times the sample of the first group wins', async (t) => {
  const groups = [
    group('a', [[{ pod: 'p' }, [120, 1], [60, 2]]]),
    group('b', [
      [{ pod: 'p' }, [120, 100], [90, 5], [30, 7]],
      [{ pod: 'q' }, [30, 9]],
    ]),
  ];
  t.same((await evaluate(groups, 'sum_over_time(x[5m])')).values, { '{pod="p"}': 15, '{pod="q"}': 9 });
  t.same((await evaluate(groups, 'x > 6')).values, { '{pod="p"}': 7, '{pod="q"}': 9 });
});

t.test('a stale marker ends a series unless another group has a newer sample', async (t) => {
  const ended = group('a', [[{ pod: 'p' }, [60, 1], [30, 'stale']]]);
  t.same((await evaluate([ended], 'x')).values, {});
  t.same((await evaluate([ended, group('b', [[{ pod: 'p' }, [20, 4]]])], 'x')).values, { '{pod="p"}': 4 });
});

t.test('a stale marker does not end a series that another group continues', async (t) => {
  const moved = group('a', [[{ pod: 'p' }, [400, 1], [340, 2], [200, 'stale']]]);
  const windows: number[] = [];
  const other = group('b', [[{ pod: 'p' }, [330, 3], [270, 4], [210, 5]]], {
    before: ({ window }) => {
      windows.push(timeMs - window.afterMs);
    },
  });
  t.same((await evaluate([moved, other], 'x')).values, { '{pod="p"}': 5 });
  t.same((await evaluate([other, moved], 'x')).values, { '{pod="p"}': 5 });
  t.same((await evaluate([other, moved], 'count_over_time(x[5m])')).values, { '{pod="p"}': 2 });
  t.same(
    windows,
    [480_000, 480_000, 300_000],
    'a selector reads the interval of the series before its window',
  );
});

t.test('the samples of merged series are counted while they are merged, and then once', async (t) => {
  const samples = Array.from({ length: 30 }, (_, i): Sample => [290 - 5 * i, i]);
  const groups = ['a', 'b'].map((name) => group(name, [[{ pod: 'p' }, ...samples]]));
  // 60 samples are read, and copied while they are held.
  t.same((await evaluate(groups, 'x', { maxSamples: 125 })).values, { '{pod="p"}': 29 });
  await t.rejects(evaluate(groups, 'x', { maxSamples: 115 }), { code: 'limit' });
});

t.test('all selectors of a query are read concurrently, and equal ones once', async (t) => {
  let waiting = 0;
  let allWait: () => void = () => undefined;
  const together = new Promise<void>((resolve) => (allWait = resolve));
  const one = group('a', [[{}, [110, 2]]], {
    before: async () => {
      if (++waiting === 3) allWait();
      await together;
    },
  });
  const { values } = await evaluate([one], 'x * x + sum(y) - max_over_time(max(z)[2m:1m] @ 1000)');
  t.equal(Object.values(values)[0], 4);
  t.equal(one.received.length, 3);
});

t.test('the failure of an optional group is a warning, and that of a required group an error', async (t) => {
  const fail = (): never => {
    throw new PromfedError('upstream', 'server group "us": target h:1: connection refused');
  };
  const eu = group('eu', [[{ pod: 'a' }, [30, 1]]], { warnings: ['server group "eu": target b: gone'] });
  const optional = group('us', [], { ignoreError: true, before: fail });
  t.same(await evaluate([eu, optional], 'sum(x)'), {
    values: { '{}': 1 },
    warnings: [
      'server group "us" is missing from this answer: target h:1: connection refused',
      'server group "eu": target b: gone',
    ],
  });
  await t.rejects(evaluate([eu, group('us', [], { before: fail })], 'sum(x)'), {
    code: 'upstream',
    message: 'server group "us": target h:1: connection refused',
  });
});

t.test('a group that never answers is a timeout', async (t) => {
  const silent = group('us', [], {
    before: (_query, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          reject(asPromfedError(signal.reason));
        });
      }),
  });
  await t.rejects(evaluate([silent], 'sum(x)', { timeoutMs: 50 }), { code: 'timeout' });
});

t.test('the sample limit applies to the samples of all groups together', async (t) => {
  const groups = [1, 2].map((n) =>
    group(`g${n}`, [[{ n: String(n) }, ...Array.from({ length: 10 }, (_, i): Sample => [100 - i, 1])]]),
  );
  t.same((await evaluate(groups, 'sum(count_over_time(x[5m]))', { maxSamples: 30 })).values, { '{}': 20 });
  await t.rejects(evaluate(groups, 'sum(count_over_time(x[5m]))', { maxSamples: 19 }), { code: 'limit' });
});

t.test('series that become equal by the labels of their group are an error', async (t) => {
  const own = group(
    'eu',
    [
      [{ pod: 'a' }, [30, 1]],
      [{ pod: 'a', region: 'x' }, [30, 2]],
    ],
    {
      labels: { region: 'eu' },
    },
  );
  await t.rejects(evaluate([own], 'x'), {
    code: 'execution',
    message: /^server group "eu": two series become \{pod="a", region="eu"\}/,
  });
});

t.test('labels are set in turns with the event loop', async (t) => {
  const count = 300;
  const many = Array.from({ length: count }, (_, i) => [{ pod: String(i) }, [30, i] as Sample] as const);
  const groups = [group('eu', many, { labels: { region: 'eu' } })];
  const turns = await onEagerClock(() => turnsOf(() => evaluate(groups, 'max_over_time(x[5m])')));
  t.ok(turns >= 4 * count, `${turns} turns: setting labels is one of four operations that visit each series`);
});

t.test(
  'with pushdown on, expressions that no region can compute are evaluated from raw samples',
  async (t) => {
    const groups = ['a', 'b'].map((name) =>
      group(name, [[{ __name__: name, pod: name, job: 'j' }, [150, 1], [90, 2], [30, 3]]]),
    );
    t.same((await evaluate(groups, 'sum(max_over_time({job="j"}[2m]))', { pushdown: true })).values, {
      '{}': 6,
    });
    t.same((await evaluate(groups, 'sum(timestamp({job="j"}))', { pushdown: true })).values, { '{}': 1940 });
  },
);

t.test('a group without stale markers is named in a warning when they can change the answer', async (t) => {
  const silent = group('us', [[{ pod: 'a' }, [30, 1]]], { hasStaleMarkers: false });
  const groups = [
    group('eu', [[{ pod: 'b' }, [30, 1]]]),
    silent,
    group('none', [], { hasStaleMarkers: false }),
  ];
  t.match((await evaluate(groups, 'sum(x)')).warnings, [
    /^server group "us": its raw samples have no stale markers/,
  ]);
  t.same((await evaluate(groups, 'sum(max_over_time(x[5m]))')).warnings, []);
});

t.test('a group without start timestamps is named in a warning when they are read', async (t) => {
  for (const pushdown of [false, true]) {
    const groups = [group('eu', [[{ pod: 'a' }, [30, 1]]])];
    const { values, warnings } = await evaluate(groups, 'start_timestamp(x)', { pushdown });
    t.same(values, {});
    t.match(warnings, [/^server group "eu": its raw samples have no start timestamps/]);
  }
});
