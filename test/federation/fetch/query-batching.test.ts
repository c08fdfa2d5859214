// Batching of queries: which requests reach the regions, and what each query gets from their answers.

import t from 'tap';

import { QueryBatching } from '../../../src/federation/index.js';
import { openResponse } from '../../../src/json/index.js';
import { asPromfedError, instantGrid, PromfedError, type StopSignal } from '../../../src/model/index.js';
import { Cancellation, MemoryBudget, type MemoryAccount } from '../../../src/runtime/index.js';
import type { FetchContext, GroupAnswer, GroupSnapshot, RegionQuery } from '../../../src/upstreams/index.js';
import { federationOf } from '../../helpers/federation.js';
import { fakeGroup, read, rejection, request, type Answer } from '../fake-group.js';

const TIME_MS = 1_000_000;
const PAUSE_MS = 5 * 60_000;

/** Matches the parts of a request with several expressions, which name one metric each. */
const JOINED = /label_replace\((\w+), "__promfed_position__", "(\d+)", "", ""\)/g;

/** A region whose metrics have two series each, with the length of the name as their value. Errors contain `bad`. */
const region: Answer = async function* ({ expr, grid }) {
  const joined = [...expr.matchAll(JOINED)].map(([, name, position]) => ({ name: name!, position }));
  const parts = joined.length === 0 ? [{ name: expr, position: undefined }] : joined;
  if (expr.includes('bad')) throw new PromfedError('execution', `${parts.length} expressions failed`);
  const result = parts.flatMap(({ name, position }) =>
    ['a', 'b'].map((pod) => ({
      metric: { ...(position && { __promfed_position__: position }), __name__: name, pod },
      value: [grid.startMs / 1000, String(name.length)],
    })),
  );
  yield Buffer.from(JSON.stringify({ status: 'success', data: { resultType: 'vector', result } }));
};

/** Evaluates queries at the same time. Returns the values or the message of each, and the requests to the region. */
async function evaluateAll(
  texts: readonly string[],
  batching: QueryBatching | undefined,
  timeMs = TIME_MS,
): Promise<{ readonly results: unknown[]; readonly received: readonly string[] }> {
  const group = fakeGroup('eu', { region: 'eu' }, region);
  const federation = federationOf([group]);
  const results = await Promise.all(
    texts.map(async (text) => {
      const changes = { grid: instantGrid(timeMs), endMs: timeMs, batching };
      try {
        return await read(await federation.evaluate(request(text, changes)));
      } catch (thrown) {
        return asPromfedError(thrown).message;
      }
    }),
  );
  return { results, received: group.received };
}

const join = (...names: string[]): string =>
  names.map((name, i) => `label_replace(${name}, "__promfed_position__", "${i}", "", "")`).join(' or ');

const LETTERS = Array.from('abcdefghijklmnopqr');

const CASES: readonly { readonly name: string; readonly texts: string[]; readonly received: string[] }[] = [
  { name: 'one query is sent unchanged', texts: ['up'], received: ['up'] },
  { name: 'equal expressions are sent once', texts: ['up', 'down', 'up'], received: [join('up', 'down')] },
  { name: 'different expressions are sent together', texts: ['up', 'down'], received: [join('up', 'down')] },
  {
    name: 'a request has up to 16 expressions',
    texts: LETTERS,
    received: [join(...LETTERS.slice(0, 16)), join(...LETTERS.slice(16))],
  },
];

for (const { name, texts, received } of CASES) {
  t.test(name, async (t) => {
    const batched = await evaluateAll(texts, new QueryBatching());
    const single = await evaluateAll(texts, undefined);
    t.strictSame(batched.received, received);
    t.strictSame(batched.results, single.results);
  });
}

t.test('long expressions are sent in several requests', async (t) => {
  const texts = ['a', 'b', 'c'].map((letter) => letter.repeat(3_500));
  const { received } = await evaluateAll(texts, new QueryBatching());
  t.strictSame(received, [join(texts[0]!, texts[1]!), texts[2]]);
});

t.test(
  'a request with several expressions that fails is replaced by single requests for a while',
  async (t) => {
    const batching = new QueryBatching();
    const texts = ['up', 'bad', 'down'];
    const single = await evaluateAll(texts, undefined);
    const first = await evaluateAll(texts, batching);
    t.strictSame(first.received, [join(...texts), ...texts]);
    t.strictSame(first.results, single.results);
    t.equal(first.results[1], '1 expressions failed');
    const paused = await evaluateAll(texts, batching, TIME_MS + PAUSE_MS - 1);
    t.strictSame(paused.received, texts);
    t.strictSame(paused.results, single.results);
    const after = await evaluateAll(['up', 'down'], batching, TIME_MS + PAUSE_MS);
    t.strictSame(after.received, [join('up', 'down')]);
  },
);

t.test('an error of equal expressions is that of each query', async (t) => {
  const { received, results } = await evaluateAll(['bad', 'bad'], new QueryBatching());
  t.strictSame(received, ['bad']);
  t.strictSame(results, ['1 expressions failed', '1 expressions failed']);
});

/** Sends queries at the same time, without a federation. */
function send(
  batching: QueryBatching,
  answer: (query: RegionQuery, context: FetchContext) => AsyncIterable<Uint8Array>,
  contexts: Readonly<Record<string, Partial<FetchContext>>>,
): Promise<GroupAnswer>[] {
  const group = {
    name: 'eu',
    query: async (query: RegionQuery, context: FetchContext) => openResponse(answer(query, context)),
  } as Partial<GroupSnapshot> as GroupSnapshot;
  return Object.entries(contexts).map(([expr, changes]) =>
    batching.query(
      group,
      { kind: 'instant', expr, grid: instantGrid(TIME_MS) },
      { signal: new Cancellation(), deadlineMs: 0, lookbackDeltaMs: undefined, ...changes },
    ),
  );
}

t.test('a query that is aborted does not affect the others', async (t) => {
  const canceled = new Cancellation();
  const [aborted, other] = send(new QueryBatching(), region, { up: { signal: canceled }, down: {} });
  const failure = rejection(aborted!);
  canceled.abort(new PromfedError('canceled', 'the client left'));
  t.equal((await failure).message, 'the client left');
  t.equal((await (await other!).frames.next())?.length, 2);
});

t.test('a request ends when every query is aborted', async (t) => {
  const canceled = new Cancellation();
  let start: (signal: StopSignal) => void;
  const started = new Promise<StopSignal>((resolve) => {
    start = resolve;
  });
  const silent: Answer = async function* (_query, { signal }) {
    yield Buffer.from('{"status":"success","data":{"resultType":"vector","result":[');
    await new Promise<void>((resolve) => {
      signal.addEventListener('abort', resolve);
      start(signal);
    });
  };
  const signal = { signal: canceled };
  const queries = send(new QueryBatching(), silent, { up: signal, down: signal });
  const failures = Promise.all(queries.map((query) => rejection(query)));
  const shared = await started;
  canceled.abort(new PromfedError('canceled', 'stopped'));
  t.equal(shared.aborted, true);
  t.strictSame(
    (await failures).map(({ message }) => message),
    ['stopped', 'stopped'],
  );
});

t.test('each query reserves the memory of its series until its answer is closed', async (t) => {
  const budget = new MemoryBudget({ budgetBytes: 10_000, perQueryBytes: 5_000 });
  const account = budget.tryOpen(0)!;
  const [answer] = send(new QueryBatching(), region, { up: { memory: account }, down: {} });
  const { frames } = await answer!;
  t.ok(account.heldBytes > 0);
  frames.close();
  t.equal(account.heldBytes, 0);
});

t.test('a query without memory for its series fails alone', async (t) => {
  const full: MemoryAccount = {
    reserve() {
      throw new PromfedError('memory', 'no memory');
    },
    release: () => undefined,
  };
  const [up, down] = send(new QueryBatching(), region, { up: {}, down: { memory: full } });
  t.equal((await rejection(down!)).message, 'no memory');
  t.equal((await (await up!).frames.next())?.length, 2);
});
