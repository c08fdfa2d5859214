// Backfills with an engine and a receiver in memory.

import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';

import { Annotations, Labels, PromfedError, type Column } from '../../../src/model/index.js';
import { Cancellation, createTimers, systemClock } from '../../../src/runtime/index.js';
import type { QueryEngine, QueryRequest, ValueAnswer } from '../../../src/federation/index.js';
import { runBackfill, type BackfillOptions } from '../../../src/rules/backfill/index.js';
import { MemoryReceiver } from '../../helpers/remote-write/receiver.js';
import { remoteWriteSettings } from '../../helpers/remote-write/settings.js';

const HOUR_MS = 3_600_000;

// The timers of a retry do not keep the process alive.
const keepAlive = setInterval(() => undefined, 1000);
t.teardown(() => {
  clearInterval(keepAlive);
});

/** Answers each query with one series whose value is the time in seconds, without those where `hasGap`. */
function engineOf(hasGap: (timeMs: number) => boolean, fail?: (request: QueryRequest) => void): QueryEngine {
  const evaluate = async (request: QueryRequest): Promise<ValueAnswer> => {
    fail?.(request);
    const { startMs, stepMs, count } = request.grid;
    const times = Array.from({ length: count }, (_, i) => startMs + i * stepMs);
    const column: Column = {
      labels: Labels.from({ __name__: 'x', pod: 'a' }),
      values: Float64Array.from(times, (timeMs) => timeMs / 1000),
      present: Uint8Array.from(times, (timeMs) => (hasGap(timeMs) ? 0 : 1)),
    };
    return {
      kind: 'value',
      value: { type: 'vector', columns: [column], ordered: false },
      isDisjoint: true,
      annotations: new Annotations(),
      stats: {
        read: () => {
          throw new Error('no statistics');
        },
      },
      release: () => undefined,
    };
  };
  const unused = (): never => {
    throw new Error('not used');
  };
  return { evaluate, query: unused, explain: unused, metadata: undefined as never };
}

interface Setup {
  readonly receiver: MemoryReceiver;
  readonly resumeFile: string;
  readonly notes: string[];
  readonly run: (changes?: Partial<BackfillOptions>) => ReturnType<typeof runBackfill>;
}

function setUp(t: Test, engine: QueryEngine): Setup {
  const folder = mkdtempSync(join(tmpdir(), 'promfed-backfill-'));
  t.teardown(() => {
    rmSync(folder, { recursive: true });
  });
  const receiver = new MemoryReceiver();
  const resumeFile = join(folder, 'state.json');
  const notes: string[] = [];
  const open = () => ({ engine, close: () => Promise.resolve() });
  const options: BackfillOptions = {
    groups: [
      {
        name: 'g',
        file: 'f',
        intervalMs: 60_000,
        limit: 0,
        queryOffsetMs: 0,
        partialResponse: undefined,
        rules: [{ kind: 'recording', name: 'r', expr: 'x', labels: [['a', 'b']] }],
      },
    ],
    ruleNames: [],
    times: { start: '0', end: '36000', startMs: 0, endMs: 10 * HOUR_MS },
    partial: 'fail',
    defaultStepMs: 60_000,
    lookbackDeltaMs: undefined,
    queryTimeoutMs: 1000,
    features: new Set(),
    externalLabels: Labels.EMPTY,
    chainedResults: 'memory',
    remoteWrite: [
      remoteWriteSettings({ queue: { capacity: 50, maxShards: 1, minBackoffMs: 1, maxBackoffMs: 1 } }),
    ],
    version: 'test',
    timers: createTimers(systemClock),
    openEngine: open,
    openStored: open,
    createClient: () => receiver,
    resumeFile,
    observer: { progress: () => undefined, note: (text) => notes.push(text) },
    signal: new Cancellation(),
  };
  return { receiver, resumeFile, notes, run: (changes) => runBackfill({ ...options, ...changes }) };
}

t.test('a queue that is smaller than a chunk loses nothing, and gaps end by stale markers', async (t) => {
  const isGap = (timeMs: number): boolean => Math.floor(timeMs / HOUR_MS) % 2 === 1;
  const { receiver, run } = setUp(t, engineOf(isGap));
  t.match(await run(), { wasFinished: false, rules: 1 });
  const floats = receiver.floats('r').map((text) => text.split(' '));
  const times = floats.map(([timeMs]) => Number(timeMs));
  t.strictSame(
    times,
    [...times].sort((a, b) => a - b),
    'in order',
  );
  t.equal(floats.filter(([, value]) => value !== 'stale').length, 300);
  t.equal(floats.filter(([, value]) => value === 'stale').length, 5, 'one for each gap');
});

t.test('a busy receiver is retried, also when the configuration does not retry 429', async (t) => {
  const { receiver, run } = setUp(
    t,
    engineOf(() => false),
  );
  let requests = 0;
  receiver.behave(() => ({ status: requests++ % 3 === 0 ? 204 : requests % 3 === 1 ? 429 : 503 }));
  await run();
  t.equal(new Set(receiver.floats('r')).size, 600);
});

t.test('a query that exceeds its limit is split', async (t) => {
  const counts: number[] = [];
  const { receiver, run } = setUp(
    t,
    engineOf(
      () => false,
      ({ grid }) => {
        if (grid.count > 50) throw new PromfedError('limit', 'too many');
        counts.push(grid.count);
      },
    ),
  );
  await run();
  t.equal(new Set(receiver.floats('r')).size, 600);
  t.ok(counts.every((count) => count <= 50));
});

t.test('an evaluation is repeated when a region does not answer', async (t) => {
  let failures = 0;
  const engine = engineOf(
    () => false,
    () => {
      if (failures++ % 3 < 2) throw new PromfedError('upstream', 'server group "eu": connection refused');
    },
  );
  const { receiver, run, notes } = setUp(t, engine);
  await t.rejects(
    run({ retryDelaysMs: [1] }),
    /^rule "r" of group "g", chunk 1\/6 \(.*\): server group "eu": connection refused$/,
  );
  failures = 0;
  await run({ retryDelaysMs: [1, 1] });
  t.equal(new Set(receiver.floats('r')).size, 600);
  t.strictSame(notes, [
    'evaluating a rule again after a failure: server group "eu": connection refused',
    'evaluating a rule again after a failure: server group "eu": connection refused',
  ]);
});

t.test('rules that read results from the regions are evaluated one after another', async (t) => {
  const { run } = setUp(
    t,
    engineOf(() => false),
  );
  const rules = [
    { kind: 'recording', name: 'a', expr: 'x', labels: [] },
    { kind: 'recording', name: 'b', expr: 'sum(a{z="1"})', labels: [] },
  ] as const;
  const groups = [
    {
      name: 'g',
      file: 'f',
      intervalMs: 60_000,
      limit: 0,
      queryOffsetMs: 0,
      partialResponse: undefined,
      rules,
    },
  ];
  await t.rejects(
    run({ groups, chainedResults: 'regions' }),
    /rule "b" reads the results of "a" from the regions \(rules\.chained_results\); evaluate the rules one after another with --rule/,
  );
});

t.test('a label that no result has is noted once', async (t) => {
  const { run, notes } = setUp(
    t,
    engineOf(() => false),
  );
  const rules = [
    { kind: 'recording', name: 'a', expr: 'x', labels: [] },
    { kind: 'recording', name: 'b', expr: 'sum(a{z="1",pod!="c"})', labels: [] },
  ] as const;
  const groups = [
    {
      name: 'g',
      file: 'f',
      intervalMs: 60_000,
      limit: 0,
      queryOffsetMs: 0,
      partialResponse: undefined,
      rules,
    },
  ];
  await run({ groups });
  t.strictSame(notes, [
    'rule "b" selects results by the label "z", which none of them has: results in memory lack the labels that external_labels and regions add',
  ]);
});

t.test('the state file', async (t) => {
  const { run, resumeFile, receiver } = setUp(
    t,
    engineOf(() => false),
  );
  await run();
  t.match(JSON.parse(readFileSync(resumeFile, 'utf8')), { version: 1, finished: true, samples: 600 });
  const requests = receiver.requests.length;
  t.match(await run(), { wasFinished: true, samples: 600 });
  t.equal(receiver.requests.length, requests, 'a finished backfill writes nothing');

  // Relative times keep their meaning.
  const times = { start: '0', end: '36000', startMs: HOUR_MS, endMs: 11 * HOUR_MS };
  t.match(await run({ times }), { wasFinished: true });
  await t.rejects(
    run({ times: { ...times, end: '39600' } }),
    /state\.json is the state of another backfill, 1970-01-01T00:00:00\.000Z to 1970-01-01T10:00:00\.000Z: rules, times or receivers differ; delete it, or set another --resume-file/,
  );
});

t.test('a state file with other content', async (t) => {
  const { run, resumeFile } = setUp(
    t,
    engineOf(() => false),
  );
  await run();
  const state = JSON.parse(readFileSync(resumeFile, 'utf8')) as Record<string, unknown>;
  const isForeign = /state\.json is not the state file of a backfill; delete it or set another --resume-file/;
  const contents = [
    'garbage',
    '',
    'null',
    '[]',
    ...[
      { version: 2 },
      { times: null },
      { times: { start: '0', end: '36000', startMs: 1e300, endMs: 0 } },
      { units: [null] },
      { units: [{ chunks: '1' }] },
      { units: [{ chunks: 1, chunk: { untilMs: 0 } }] },
      { samples: -1 },
    ].map((change) => JSON.stringify({ ...state, ...change })),
  ];
  for (const content of contents) {
    writeFileSync(resumeFile, content);
    await t.rejects(run(), isForeign, content);
  }
  truncateSync(resumeFile, 2 ** 40);
  await t.rejects(run(), /cannot read the state file: .* is larger than \d+ bytes; delete it/);
  await t.rejects(
    run({ resumeFile: join(resumeFile, 'state.json') }),
    /cannot write the state file .*: not a directory/,
  );
});

t.test('the samples of a rule are confirmed when all parts of a query are written', async (t) => {
  const tooLarge = new PromfedError('limit', 'too many');
  const engine = engineOf(
    () => false,
    ({ grid }) => {
      if (grid.count > 50) throw tooLarge;
    },
  );
  const { receiver, resumeFile, run } = setUp(t, engine);
  let requests = 0;
  receiver.behave(() => ({ status: ++requests === 2 ? 400 : 204 }));
  await t.rejects(run(), /refused samples/);
  t.match(JSON.parse(readFileSync(resumeFile, 'utf8')), {
    units: [{ chunks: 0, chunk: { rules: 0, isWriting: true } }],
  });
});
