import t, { type Test } from 'tap';

import { systemClock } from '../../../src/runtime/index.js';
import {
  answers,
  answersWith,
  cutsByLength,
  cutsChunks,
  refuses,
  resets,
  startFaultServer,
  staysSilent,
  type Fault,
  type FaultServer,
} from '../../helpers/upstreams/fault-server.js';
import { itemsOf } from '../../helpers/frame-streams.js';
import { fetchContext, groupSettings, matrix, openGroup, success, type OpenGroup } from '../settings.js';
import { until } from '../../helpers/until.js';

const RANGE = { kind: 'range', expr: 'x', grid: { startMs: 100_000, stepMs: 10_000, count: 2 } } as const;
const INSTANT = { kind: 'instant', expr: 'x', grid: { startMs: 100_000, stepMs: 1, count: 1 } } as const;
const EVERYTHING = { selectors: [], startMs: undefined, endMs: undefined, limit: undefined };

interface Setup {
  readonly group: OpenGroup;
  readonly servers: readonly FaultServer[];
}

/** Time enough for a busy machine; a replica that never answers costs its test this long. */
const TIMEOUT_MS = 1000;

async function setUp(t: Test, ...faults: Fault[]): Promise<Setup> {
  const servers = await Promise.all(faults.map((fault) => startFaultServer(fault)));
  const settings = groupSettings(
    servers.map(({ target }) => target),
    faults.includes(staysSilent) ? { timeoutMs: TIMEOUT_MS } : {},
  );
  const group = openGroup(settings, { clock: systemClock, version: '1.2.3' });
  t.teardown(async () => {
    await group.close();
    for (const server of servers) await server.close();
  });
  return { group, servers };
}

interface Read {
  readonly names: string[];
  readonly warnings: readonly string[];
  readonly isPartial: boolean;
}

/** Metric names in the order of arrival, and the trailer. */
async function readAll(group: OpenGroup, query: typeof RANGE | typeof INSTANT = RANGE): Promise<Read> {
  const { frames } = await group.query(query, fetchContext());
  const names: string[] = [];
  for await (const batch of itemsOf(frames)) names.push(...batch.map(({ labels }) => labels.metricName));
  const { warnings, isPartial } = frames.trailer;
  return { names, warnings, isPartial };
}

/** The beginning of the answer that holds the first series and a half. */
function beginningOf(answer: unknown): string {
  const text = JSON.stringify(answer);
  return text.slice(0, text.lastIndexOf('"values"'));
}

/** Delays all answers until `count` requests have arrived, so that requests one after another would wait forever. */
function together(count: number): (fault: Fault) => Fault {
  const waiting: (() => void)[] = [];
  return (fault) => (response, socket, request) => {
    waiting.push(() => {
      fault(response, socket, request);
    });
    if (waiting.length === count) for (const answer of waiting) answer();
  };
}

t.test('replicas are queried at once, and every series of any of them is in the answer once', async (t) => {
  const atOnce = together(3);
  const { group, servers } = await setUp(
    t,
    atOnce(answers(matrix('a', 'b'))),
    atOnce(answers(matrix('b', 'c'))),
    atOnce(answers(matrix('a', 'c'))),
  );
  const { names, warnings } = await readAll(group);
  t.strictSame([...names].sort(), ['a', 'b', 'c']);
  t.strictSame(warnings, []);
  t.strictSame(
    servers.map(({ requests }) => requests.length),
    [1, 1, 1],
  );
});

const FAILURES: readonly { name: string; fault: Fault; reason: string }[] = [
  { name: 'resets', fault: resets, reason: 'connection reset' },
  {
    name: 'answers 500',
    fault: refuses(500, 'internal', 'disk on fire'),
    reason: 'HTTP 500 internal: disk on fire',
  },
  {
    name: 'stays silent',
    fault: staysSilent,
    reason: `no response headers within ${TIMEOUT_MS} ms (timeout)`,
  },
  {
    name: 'sends less than its Content-Length',
    fault: cutsByLength(beginningOf(matrix('a', 'b'))),
    reason: 'incomplete response: connection closed before its end',
  },
  {
    name: 'ends within its chunks',
    fault: cutsChunks(beginningOf(matrix('a', 'b'))),
    reason: 'incomplete response: connection closed before its end',
  },
  {
    name: 'returns another type',
    fault: answers(success({ resultType: 'vector', result: [] })),
    reason: 'returned a vector instead of a matrix',
  },
];

for (const { name, fault, reason } of FAILURES) {
  for (const first of [true, false]) {
    t.test(
      `a replica that ${name}, as the ${first ? 'first' : 'last'} target, is named in a warning`,
      async (t) => {
        const good = answers(matrix('a', 'b', 'c'));
        const { group, servers } = await setUp(t, ...(first ? [fault, good] : [good, fault]));
        const failed = servers[first ? 0 : 1]!;
        const { names, warnings } = await readAll(group);
        t.strictSame([...names].sort(), ['a', 'b', 'c'], 'nothing is missing');
        t.strictSame(warnings, [`server group "eu": target ${failed.target}: ${reason}`]);
      },
    );
  }
  t.test(`a replica that ${name} beside one that is down is an error that names both`, async (t) => {
    const { group, servers } = await setUp(t, fault, answersWith(503, {}, ''));
    await t.rejects(readAll(group), {
      code: 'upstream',
      message: new RegExp(
        `^server group "eu": (?=.*target ${servers[0]!.target}: ${reason.replace(/[()]/g, '.')})` +
          `(?=.*target ${servers[1]!.target}: HTTP 503: unavailable)`,
      ),
    });
  });
}

t.test('incomplete answers of all replicas are an error, not a short answer', async (t) => {
  const { group } = await setUp(
    t,
    cutsByLength(beginningOf(matrix('a', 'b'))),
    cutsChunks(beginningOf(matrix('a', 'b'))),
  );
  await t.rejects(readAll(group), {
    code: 'upstream',
    message: /: target .* incomplete response.*; target .* incomplete response/,
  });
});

t.test('an execution error of one replica fails the query immediately and ends the others', async (t) => {
  const never: Fault = () => undefined;
  const { group, servers } = await setUp(t, never, refuses(422, 'execution', 'many-to-many'));
  // The other one would take until the deadline, and that is another error.
  await t.rejects(readAll(group), { code: 'execution', message: 'many-to-many' });
  await servers[0]!.untilHungUp();
});

t.test(
  'a replica that returns a series twice is an error that names the group and its targets',
  async (t) => {
    const { group } = await setUp(t, answers(matrix('a', 'b', 'a')), answers(matrix('a', 'b')));
    const message = /^server group "eu": targets 127\.0\.0\.1:\d+, 127\.0\.0\.1:\d+: invalid answer: .*a/;
    await t.rejects(readAll(group), { code: 'upstream', message });
  },
);

t.test('a scalar comes from the first replica that answers', async (t) => {
  const scalar = (value: string): Fault => answers(success({ resultType: 'scalar', result: [100, value] }));
  const { group, servers } = await setUp(t, resets, scalar('1'), scalar('2'));
  const { resultType, frames } = await group.query(INSTANT, fetchContext());
  t.equal(resultType, 'scalar');
  const first = (await frames.next())!;
  t.equal(first.length, 1);
  t.match(Buffer.from(first[0]!.samples).toString(), /"1"/);
  t.equal(await frames.next(), undefined);
  t.match(frames.trailer.warnings, [/connection reset/]);
  await until(() => servers.every(({ requests }) => requests.length >= 1), 'a request to every replica');
});

t.test('the first of two replicas with different result types is used, and the other is named', async (t) => {
  const { group, servers } = await setUp(
    t,
    answers(success({ resultType: 'vector', result: [{ metric: { __name__: 'a' }, value: [100, '1'] }] })),
    answers(success({ resultType: 'scalar', result: [100, '1'] })),
  );
  t.strictSame(await readAll(group, INSTANT), {
    names: ['a'],
    warnings: [
      `server group "eu": target ${servers[1]!.target}: returned a scalar where another target returned a vector`,
    ],
    isPartial: false,
  });
});

t.test('a partial answer is a warning that names its target', async (t) => {
  const partial = { ...(matrix('a') as object), isPartial: true, warnings: ['from upstream'] };
  const { group, servers } = await setUp(t, answers(partial));
  t.strictSame(await readAll(group), {
    names: ['a'],
    warnings: [
      'from upstream',
      `server group "eu": target ${servers[0]!.target}: partial response: some storage nodes did not answer`,
    ],
    isPartial: true,
  });
  servers[0]!.behave(answers({ ...(success(['x']) as object), isPartial: true }));
  t.match(await group.labelNames(EVERYTHING, fetchContext()), {
    data: ['x'],
    warnings: [/partial response/],
  });
});

t.test('an error envelope with a status of success is handled by its type', async (t) => {
  const { group, servers } = await setUp(
    t,
    answers({ status: 'error', errorType: 'execution', error: 'many-to-many' }),
  );
  await t.rejects(readAll(group), { code: 'execution', message: 'many-to-many' });
  servers[0]!.behave(answers({ status: 'error', errorType: 'internal', error: 'no storage' }));
  await t.rejects(readAll(group), { code: 'upstream', message: /target .*: returned an error: no storage$/ });
  servers[0]!.behave(answers({ status: 'error', errorType: '422', error: 'unknown func "x"' }));
  await t.rejects(readAll(group), { code: 'rejected', message: /rejected the expression: unknown func/ });
});

t.test(
  'a replica that rejects the expression, or exceeds a limit, is a warning when another answers',
  async (t) => {
    const { group, servers } = await setUp(
      t,
      refuses(400, 'bad_data', 'unknown function with name "x"'),
      answers(matrix('a')),
      refuses(
        422,
        'execution',
        'query processing would load too many samples into memory in query execution',
      ),
    );
    const [rejecting, , limited] = servers;
    const rejected = `server group "eu": target ${rejecting!.target}: rejected the expression: unknown function with name "x"`;
    const { names, warnings } = await readAll(group);
    t.strictSame(names, ['a']);
    t.match(warnings, [
      rejected,
      new RegExp(`^server group "eu": target ${limited!.target}: HTTP 422 execution: limit`),
    ]);
    const { rejection, frames } = await group.query(RANGE, fetchContext());
    frames.close();
    t.match(rejection, { code: 'rejected', message: rejected });

    for (const server of servers) server.behave(refuses(400, 'bad_data', 'invalid label name'));
    await t.rejects(group.labelNames(EVERYTHING, fetchContext()), { code: 'rejected_request', status: 400 });
    servers[1]!.behave(answers(success(['a'])));
    t.match(await group.labelNames(EVERYTHING, fetchContext()), {
      data: ['a'],
      warnings: [/rejected the request: invalid label name$/, /rejected the request/],
    });
  },
);

t.test('metadata is the union of the replicas, and a failed replica is named', async (t) => {
  const { group, servers } = await setUp(
    t,
    answers({ ...(success(['a', 'b']) as object), warnings: ['truncated'] }),
    answers(success(['b', 'c'])),
    refuses(500, 'internal', 'no'),
  );
  const failed = `server group "eu": target ${servers[2]!.target}: HTTP 500 internal: no`;
  t.strictSame(await group.labelNames(EVERYTHING, fetchContext()), {
    data: ['a', 'b', 'c'],
    warnings: ['truncated', failed],
  });

  servers[0]!.behave(answers(success([{ a: '1' }, { a: '1', b: '' }])));
  servers[1]!.behave(answers(success([{ a: '2' }, { a: '1' }])));
  const { data, warnings } = await group.series(EVERYTHING, fetchContext());
  t.strictSame(data.map(String), ['{a="1"}', '{a="2"}']);
  t.strictSame(warnings, [failed]);

  const gauge = { type: 'gauge', help: 'h', unit: '' };
  servers[0]!.behave(answers(success({ up: [gauge] })));
  servers[1]!.behave(answers(success({ up: [gauge, { ...gauge, help: 'other' }], down: null })));
  const metadata = await group.metadata(undefined, undefined, fetchContext());
  t.strictSame(
    [...metadata.data],
    [
      ['up', [gauge, { ...gauge, help: 'other' }]],
      ['down', []],
    ],
  );
});

t.test('metadata that no replica returns is an error that names each of them', async (t) => {
  const { group, servers } = await setUp(t, resets, answersWith(401, {}, ''));
  await t.rejects(group.labelValues('job', EVERYTHING, fetchContext()), {
    code: 'upstream',
    message:
      `server group "eu": target ${servers[0]!.target}: connection reset; ` +
      `target ${servers[1]!.target}: HTTP 401: credentials rejected`,
  });
});
