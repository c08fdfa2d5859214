import t from 'tap';

import type { Federation, QueryAnswer, QueryParameters, QueryRequest } from '../../src/federation/index.js';
import { openResponse, readBytes } from '../../src/json/index.js';
import { asPromfedError, Labels, PromfedError } from '../../src/model/index.js';
import type { FetchContext, GroupSnapshot, MetadataQuery, RegionQuery } from '../../src/upstreams/index.js';
import { federationOf, queryRequest } from '../helpers/federation.js';

const timeMs = 1_000_000;

interface FakeGroup extends GroupSnapshot {
  readonly asked: string[];
  readonly closedBodies: number;
}

type Answer = (query: RegionQuery, context: FetchContext) => AsyncIterable<Uint8Array>;

/** A region of one process: `answer` makes the body of its response, or throws what a region's failure throws. */
function fakeGroup(
  name: string,
  labels: Record<string, string>,
  answer: Answer,
  ignoreError = false,
): FakeGroup {
  const asked: string[] = [];
  let closed = 0;
  const notAsked = (): never => {
    throw new Error('not asked for in this test');
  };
  return {
    name,
    labels: Labels.from(labels),
    ignoreError,
    replicated: false,
    asked,
    get closedBodies() {
      return closed;
    },
    async query(query, context) {
      asked.push(query.expr);
      const body = answer(query, context);
      async function* counted(): AsyncGenerator<Uint8Array> {
        try {
          yield* body;
        } finally {
          closed++;
        }
      }
      const { resultType, frames } = await openResponse(counted());
      return { resultType, frames };
    },
    samples: notAsked,
    series: notAsked,
    labelNames: notAsked,
    labelValues: notAsked,
    metadata: notAsked,
  };
}

async function* vector(
  series: Record<string, number>,
  then?: () => Promise<void>,
): AsyncGenerator<Uint8Array> {
  const result = Object.entries(series).map(
    ([name, value]) => `{"metric":{"pod":"${name}"},"value":[${timeMs / 1000},"${value}"]}`,
  );
  if (then === undefined) {
    yield Buffer.from(`{"status":"success","data":{"resultType":"vector","result":[${result.join(',')}]}}`);
    return;
  }
  yield Buffer.from(`{"status":"success","data":{"resultType":"vector","result":[${result.join(',')},`);
  await then();
}

function failing(code: 'upstream' | 'execution' | 'refused', message: string): Answer {
  return () => {
    throw new PromfedError(code, message);
  };
}

/** A body that breaks off after its first series. */
function breakingOff(series: Record<string, number>): Answer {
  return () => vector(series, () => Promise.reject(new PromfedError('upstream', 'the body was cut')));
}

/** A body whose rest never comes, until the request is aborted. */
const silent: Answer = (_query, { signal }) =>
  vector(
    { a: 1 },
    () =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          reject(asPromfedError(signal.reason));
        });
      }),
  );

function request(text: string, changes: Partial<QueryParameters> = {}): QueryRequest {
  return queryRequest(text, timeMs, changes);
}

/** Reads an answer to its end: values by the series' labels. */
async function read(answer: QueryAnswer): Promise<Record<string, number>> {
  try {
    if (answer.kind === 'value') {
      if (answer.value.type !== 'vector')
        throw new Error(`a vector was expected, not a ${answer.value.type}`);
      return Object.fromEntries(
        answer.value.columns.map(({ labels, values }) => [labels.toString(), values[0]!]),
      );
    }
    const series = JSON.parse(`[${(await readBytes(answer.series)).toString()}]`) as {
      metric: Record<string, string>;
      value: [number, string];
    }[];
    return Object.fromEntries(
      series.map(({ metric, value }) => [Labels.from(metric).toString(), Number(value[1])]),
    );
  } finally {
    answer.release();
  }
}

async function rejection(promise: Promise<unknown>): Promise<PromfedError> {
  try {
    await promise;
  } catch (thrown) {
    if (thrown instanceof PromfedError) return thrown;
    throw thrown;
  }
  throw new Error('an error was expected');
}

t.test('series of all groups pass through with their group labels', async (t) => {
  const federation = federationOf([
    fakeGroup('eu', { region: 'eu' }, () => vector({ b: 2, a: 1 })),
    fakeGroup('us', { region: 'us' }, () => vector({ a: 3 })),
  ]);
  const answer = await federation.query(request('x'));
  t.equal(answer.kind, 'bytes');
  t.strictSame(Object.entries(await read(answer)), [
    ['{pod="a", region="eu"}', 1],
    ['{pod="a", region="us"}', 3],
    ['{pod="b", region="eu"}', 2],
  ]);
});

t.test('what is aggregated in the regions is aggregated once more here', async (t) => {
  const groups = [
    fakeGroup('eu', { region: 'eu' }, () => vector({ a: 1 })),
    fakeGroup('us', { region: 'us' }, () => vector({ a: 3 })),
  ];
  t.same(await read(await federationOf(groups).query(request('sum by (pod) (x)'))), { '{pod="a"}': 4 });
  t.same(groups[0]!.asked, ['sum by (pod) (x)']);
});

t.test('equal fetches of one query are fetched once', async (t) => {
  const groups = ['eu', 'us'].map((region) => fakeGroup(region, { region }, () => vector({ a: 2 })));
  const values = await read(await federationOf(groups).query(request('quantile(0.5, x) + quantile(1, x)')));
  t.same(values, { '{}': 4 });
  for (const { asked } of groups) t.same(asked, ['x']);
});

t.test('all fetches of a query start before any has answered', async (t) => {
  let waiting = 0;
  let allWait: () => void = () => undefined;
  const together = new Promise<void>((resolve) => (allWait = resolve));
  const groups = ['eu', 'us'].map((region) =>
    fakeGroup(region, { region }, () =>
      (async function* () {
        if (++waiting === 8) allWait();
        await together;
        yield* vector({ a: 1 });
      })(),
    ),
  );
  const query = request('sum(a) + sum(b) + sum(c) + sum(d)');
  t.same(await read(await federationOf(groups).query(query)), { '{}': 8 });
});

t.test(
  'groups that cannot be told apart: the first that has a sample wins, then it is computed',
  async (t) => {
    const federation = federationOf([
      fakeGroup('one', {}, () => vector({ a: 1, b: 1 })),
      fakeGroup('two', {}, () => vector({ a: 5, c: 7 })),
    ]);
    t.same(await read(await federation.query(request('x'))), {
      '{pod="a"}': 1,
      '{pod="b"}': 1,
      '{pod="c"}': 7,
    });
    t.same(await read(await federation.query(request('sum(x)'))), { '{}': 9 });
  },
);

t.test('a required group that fails fails the query, and ends what the others do', async (t) => {
  const other = fakeGroup('us', { region: 'us' }, silent);
  for (const query of ['x', 'sum(x)', 'x * x']) {
    const federation = federationOf([
      fakeGroup('eu', { region: 'eu' }, failing('upstream', 'server group "eu": connection refused')),
      other,
    ]);
    const error = await rejection(federation.query(request(query)));
    t.equal(error.code, 'upstream', query);
    t.equal(error.message, 'server group "eu": connection refused');
  }
});

t.test('an optional group that fails is a warning', async (t) => {
  for (const query of ['x', 'sum by (region) (x)', 'sum(x)']) {
    const federation = federationOf([
      fakeGroup('eu', { region: 'eu' }, failing('upstream', 'connection refused'), true),
      fakeGroup('us', { region: 'us' }, () => vector({ a: 3 })),
    ]);
    const answer = await federation.query(request(query));
    t.same(Object.values(await read(answer)), [3], query);
    t.same(answer.annotations.warnings, [
      'server group "eu" is missing from this answer: connection refused',
    ]);
  }
});

t.test('an execution error is the fault of the query, whichever group tells it', async (t) => {
  const federation = federationOf([
    fakeGroup('eu', { region: 'eu' }, failing('execution', 'many-to-many matching not allowed'), true),
    fakeGroup('us', { region: 'us' }, () => vector({ a: 3 })),
  ]);
  const error = await rejection(federation.query(request('x')));
  t.same([error.code, error.message], ['execution', 'many-to-many matching not allowed']);
});

t.test(
  'an expression that an optional group does not take fails the query: empty would not be an answer',
  async (t) => {
    const text = 'server group "eu": target eu:9090: does not take the expression it is sent';
    const federation = federationOf([fakeGroup('eu', { region: 'eu' }, failing('refused', text), true)]);
    const error = await rejection(federation.query(request('sum(x)')));
    t.same([error.code, error.status, error.message], ['refused', 422, text]);
  },
);

t.test('every group that is missing is named, however many there are', async (t) => {
  const names = Array.from({ length: 13 }, (_, i) => `r${i}`);
  const federation = federationOf(
    names.map((name) =>
      fakeGroup(name, { region: name }, failing('upstream', `server group "${name}": gone`), true),
    ),
  );
  const answer = await federation.query(request('sum(x)'));
  await read(answer);
  t.same(
    answer.annotations.warnings,
    names.map((name) => `server group "${name}" is missing from this answer: gone`),
  );
});

t.test('places in what a region says are left out: they are in the text that it was sent', async (t) => {
  const body = `{"status":"success","data":{"resultType":"vector","result":[]},"infos":["PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: \\"x\\" (1:10)"]}`;
  const group = fakeGroup('eu', { region: 'eu' }, () =>
    (async function* () {
      yield Buffer.from(body);
    })(),
  );
  const answer = await federationOf([group]).query(request('sum by (region) (rate(x[5m]))'));
  await read(answer);
  t.same(answer.annotations.infos, [
    'PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "x"',
  ]);
});

t.test(
  'an optional group that breaks off leaves what it sent when passing through, nothing when computing',
  async (t) => {
    const groups = (): FakeGroup[] => [
      fakeGroup('eu', { region: 'eu' }, breakingOff({ a: 1 }), true),
      fakeGroup('us', { region: 'us' }, () => vector({ a: 3 })),
    ];
    const passed = await federationOf(groups()).query(request('x'));
    t.same(await read(passed), { '{pod="a", region="eu"}': 1, '{pod="a", region="us"}': 3 });
    t.match(passed.annotations.warnings, [/^server group "eu" is incomplete in this answer: /]);
    const computed = await federationOf(groups()).query(request('sum(x)'));
    t.same(await read(computed), { '{}': 3 });
    t.match(computed.annotations.warnings, [/^server group "eu" is missing from this answer: /]);
  },
);

t.test('a required group that breaks off fails the answer while it is read', async (t) => {
  const federation = federationOf([
    fakeGroup('eu', { region: 'eu' }, breakingOff({ a: 1 })),
    fakeGroup('us', { region: 'us' }, silent),
  ]);
  const answer = await federation.query(request('x'));
  const error = await rejection(read(answer));
  t.match(error, { code: 'upstream', message: /cut/ });
});

t.test('an optional group that never answers leaves time for the others', async (t) => {
  const check = async (query: string): Promise<void> => {
    const federation = federationOf([
      fakeGroup('eu', { region: 'eu' }, silent, true),
      fakeGroup('us', { region: 'us' }, () => vector({ a: 3 })),
    ]);
    // A twentieth of the time is left to the others.
    const answer = await federation.query(request(query, { timeoutMs: 4000 }));
    const values = await read(answer);
    t.ok(Object.values(values).includes(3), query);
    t.match(answer.annotations.warnings, [/^server group "eu" .*timed out/]);
  };
  await Promise.all(['x', 'sum by (region) (x)', 'sum(x)'].map(check));
});

t.test('a required group that never answers ends in a timeout', async (t) => {
  const federation = federationOf([fakeGroup('eu', { region: 'eu' }, silent)]);
  for (const query of ['x', 'x * x']) {
    const error = await rejection(federation.query(request(query, { timeoutMs: 100 })).then(read));
    t.equal(error.code, 'timeout', query);
  }
});

t.test('a client that leaves ends every request to the regions', async (t) => {
  for (const query of ['x', 'x * x']) {
    const client = new AbortController();
    const group = fakeGroup('eu', { region: 'eu' }, silent, true);
    const asked = federationOf([group]).query(request(query, { signal: client.signal }));
    setTimeout(() => {
      client.abort();
    }, 20);
    t.equal((await rejection(asked.then(read))).code, 'canceled', query);
    t.equal(group.closedBodies, 1, query);
  }
});

t.test('more samples than the limit end in an error that names it', async (t) => {
  const many = Object.fromEntries(Array.from({ length: 1_001 }, (_, i) => [`p${i}`, i]));
  const federation = federationOf([
    fakeGroup('eu', { region: 'eu' }, () => vector(many)),
    fakeGroup('us', { region: 'us' }, () => vector({})),
  ]);
  t.match(await rejection(federation.query(request('quantile(0.5, x)'))), {
    code: 'limit',
    message:
      /^query processing would load too many samples into memory in query execution .*--query\.max-samples/,
  });
});

t.test('metadata asks each group what it knows, and adds its labels where it has something', async (t) => {
  const queries: Record<string, MetadataQuery[]> = { eu: [], us: [] };
  const group = (name: string, names: readonly string[]): GroupSnapshot => ({
    ...fakeGroup(name, { region: name }, silent),
    labelNames: async (query) => {
      queries[name]!.push(query);
      return { data: names, warnings: [] };
    },
  });
  const federation = federationOf([group('eu', ['__name__', 'pod']), group('us', [])]);
  const ask = (
    selectors: MetadataQuery['selectors'],
  ): Parameters<Federation['metadata']['labelNames']>[0] => ({
    query: { selectors, startMs: undefined, endMs: undefined, limit: undefined },
    timeoutMs: 1_000,
    routing: 'learned',
    signal: new AbortController().signal,
  });
  t.same((await federation.metadata.labelNames(ask([]))).data, ['__name__', 'pod', 'region']);
  t.same((await federation.metadata.labelValues('region', ask([]))).data, ['eu']);
  queries['eu'] = [];
  queries['us'] = [];
  await federation.metadata.labelNames(
    ask([
      [
        { name: 'region', op: '=', value: 'us' },
        { name: '__name__', op: '=', value: 'x' },
      ],
    ]),
  );
  t.same(queries['eu'], [], 'a group that cannot match is not asked');
  t.same(queries['us'][0]?.selectors, [[{ name: '__name__', op: '=', value: 'x' }]]);
});

t.test('a subquery of more steps than a region answers at once is asked for in pieces', async (t) => {
  const asked: number[] = [];
  /** A region whose one series is 1 at every step that it is asked for, up to what a region may be asked for. */
  const ones: Answer = async function* ({ kind, grid }) {
    t.equal(kind, 'range');
    t.ok(grid.count <= 11_000);
    asked.push(grid.startMs);
    const points = Array.from(
      { length: grid.count },
      (_, step) => `[${(grid.startMs + step * grid.stepMs) / 1000},"1"]`,
    );
    yield Buffer.from(
      `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[${points.join(',')}]}]}}`,
    );
  };
  const groups = [fakeGroup('eu', { region: 'eu' }, ones), fakeGroup('us', { region: 'us' }, ones)];
  const sumOf = async (maxSamples: number): Promise<unknown> => {
    const federation = federationOf(groups, { maxSamples });
    const answer = await federation.query(request('sum_over_time(sum(x)[25000s:1s])'));
    answer.release();
    return answer.kind === 'value' && answer.value.type === 'vector' && answer.value.columns[0]!.values[0];
  };
  t.equal(await sumOf(1_000_000), 50_000);
  t.same(
    [...new Set(asked)].sort((a, b) => a - b),
    [-24_000 + 1, -13_000 + 1, -2_000 + 1].map((s) => s * 1000),
  );
  await t.rejects(sumOf(60_000), { code: 'limit' });
});
