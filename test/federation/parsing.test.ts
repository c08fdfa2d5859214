// When queries are parsed and planned: after admission, within the account of the request, and in turns of the event loop.

import t from 'tap';

import { Admission, parseQuery, type QueryRequest } from '../../src/federation/index.js';
import { MemoryBudget } from '../../src/runtime/index.js';
import { NO_FEATURES } from '../../src/promql/language/index.js';
import { federationOf } from '../helpers/federation.js';
import { fakeGroup, read, request, type Answer } from './fake-group.js';

const empty: Answer = async function* () {
  yield Buffer.from('{"status":"success","data":{"resultType":"vector","result":[]}}');
};

const regions = (answer: Answer = empty) =>
  ['eu', 'us'].map((name) => fakeGroup(name, { region: name }, answer));

const sums = (count: number): string => Array.from({ length: count }, (_, i) => `sum(m${i})`).join(' + ');

/** A request that counts how often it is parsed. */
function unparsed(text: string): { readonly request: QueryRequest; readonly count: () => number } {
  let count = 0;
  const others = request('1');
  const parsing = (): ReturnType<QueryRequest['parse']> => {
    count++;
    return parseQuery({ text, kind: 'instant' }, { features: NO_FEATURES });
  };
  return { request: { ...others, text, parse: parsing }, count: () => count };
}

t.test('a query is parsed when it is admitted', async (t) => {
  const budget = new MemoryBudget({ budgetBytes: 100 << 20, perQueryBytes: 100 << 20 });
  const admission = new Admission({ budget, maxConcurrency: 1 });
  let answer: () => void = () => undefined;
  const answered = new Promise<void>((resolve) => (answer = resolve));
  const groups = regions(async function* (query, context) {
    await answered;
    yield* empty(query, context);
  });
  const federation = federationOf(groups, { admission });
  const first = unparsed('sum(a)');
  const waiting = [unparsed('sum(b)'), unparsed('sum(c'), unparsed('sum(d)')];
  const running = federation.query(first.request);
  const queued = waiting.map(async (one) => read(await federation.query(one.request)));
  const explained = federation.explain({ ...waiting[2]!.request, analyze: false });
  let selected = 0;
  const labels = federation.metadata.labelNames({
    query: { startMs: undefined, endMs: undefined, limit: undefined },
    parseSelectors: () => {
      selected++;
      return { selectors: [], nodes: 0 };
    },
    timeoutMs: 5000,
    routing: 'learned',
    signal: new AbortController().signal,
  });
  const ends = Promise.allSettled([...queued, explained, labels]);
  await new Promise((resolve) => setTimeout(resolve, 20));
  t.equal(first.count(), 1);
  t.same(
    waiting.map(({ count }) => count()),
    [0, 0, 0],
  );
  t.equal(selected, 0);
  t.equal(admission.queued, 5);
  answer();
  t.same(await read(await running), {});
  const [b, c] = await ends;
  t.equal(b.status, 'fulfilled');
  t.match(c, { reason: { code: 'bad_data', message: '1:6: parse error: unclosed left parenthesis' } });
  t.same(
    waiting.map(({ count }) => count()),
    [1, 1, 2],
  );
  t.equal(selected, 1);
  t.equal(admission.inFlight, 0);
  t.equal(budget.heldBytes, 0);
});

t.test('the tree and the plan of a query count towards its memory', async (t) => {
  const budget = new MemoryBudget({ budgetBytes: 100 << 20, perQueryBytes: 5 << 20 });
  const admission = new Admission({ budget, maxConcurrency: undefined });
  const held: number[] = [];
  const groups = regions((query, context) => {
    held.push(budget.heldBytes);
    return empty(query, context);
  });
  const federation = federationOf(groups, { admission });
  t.same(await read(await federation.query(request(sums(1000)))), {});
  // 1,000 aggregations and selectors, and 999 operations between them.
  t.ok(Math.max(...held) > 2_999 * 1024, `${Math.max(...held)} bytes`);
  await t.rejects(federation.query(request(sums(2000))), {
    code: 'memory',
    message: /mainly for expressions/,
  });
  t.equal(budget.heldBytes, 0);
  t.equal(admission.inFlight, 0);
});

t.test('the texts of the requests count towards the memory of a query', async (t) => {
  const budget = new MemoryBudget({ budgetBytes: 100 << 20, perQueryBytes: 20 << 20 });
  const admission = new Admission({ budget, maxConcurrency: undefined });
  const groups = Array.from({ length: 30 }, (_, i) => fakeGroup(`r${i}`, { region: String(i) }, empty));
  const federation = federationOf(groups, { admission });
  const value = 'x'.repeat(400_000);
  await t.rejects(federation.query(request(`m{a="${value}"}`)), {
    code: 'memory',
    message: /mainly for expressions/,
  });
  const labels = federation.metadata.labelNames({
    query: { startMs: undefined, endMs: undefined, limit: undefined },
    parseSelectors: () => ({ selectors: [[{ name: 'a', op: '=', value }]], nodes: 1 }),
    timeoutMs: 5000,
    routing: 'learned',
    signal: new AbortController().signal,
  });
  await t.rejects(labels, { code: 'memory', message: /mainly for expressions/ });
  t.equal(budget.heldBytes, 0);
});

t.test('planning a large query yields to the event loop', async (t) => {
  const client = new AbortController();
  let turns = 0;
  const count = (): void => {
    turns++;
    if (!client.signal.aborted) setImmediate(count);
  };
  const federation = federationOf(regions());
  const large = request(sums(20_000), { signal: client.signal, timeoutMs: 60_000 });
  setImmediate(count);
  const explained = federation.explain({ ...large, analyze: false });
  await t.rejects(explained, { code: 'limit', message: /explain does not show plans of that size/ });
  t.ok(turns > 2, `${turns} turns`);
  const canceled = federation.query(large);
  setImmediate(() => {
    client.abort();
  });
  await t.rejects(canceled, { code: 'canceled' });
});

t.test('planning ends at the timeout', async (t) => {
  const federation = federationOf(regions());
  const explained = federation.explain({ ...request(sums(20_000), { timeoutMs: 1 }), analyze: false });
  await t.rejects(explained, { code: 'timeout', message: 'query timed out in expression evaluation' });
});

t.test('planning ends at the limit on requests', async (t) => {
  const federation = federationOf(regions(), { maxRequests: 100 });
  const explained = federation.explain({ ...request(sums(20_000)), analyze: false });
  await t.rejects(explained, {
    code: 'limit',
    message: /: at least 102 \(limit 100, --query\.max-requests\)/,
  });
});
