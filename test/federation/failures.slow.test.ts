// The failures of groups, and their effect on the answer.

import t from 'tap';

import { federationOf } from '../helpers/federation.js';
import {
  breakingOff,
  failing,
  fakeGroup,
  read,
  rejection,
  request,
  silent,
  vector,
  type FakeGroup,
} from './fake-group.js';

t.test('a required group that fails fails the query and ends the other requests', async (t) => {
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

t.test('an answer of another type is a failure, and its body is closed', async (t) => {
  const matrix = fakeGroup(
    'eu',
    { region: 'eu' },
    async function* () {
      yield Buffer.from('{"status":"success","data":{"resultType":"matrix","result":[');
      yield Buffer.from(']}}');
    },
    true,
  );
  const other = fakeGroup('us', { region: 'us' }, () => vector({ a: 3 }));
  const answer = await federationOf([matrix, other]).query(request('x'));
  t.same(Object.values(await read(answer)), [3]);
  t.same(answer.annotations.warnings, [
    'server group "eu" is missing from this answer: invalid answer: the result type is matrix, not vector',
  ]);
  t.equal(matrix.closedBodies, 1);
});

t.test('an execution error of any group fails the query', async (t) => {
  const federation = federationOf([
    fakeGroup('eu', { region: 'eu' }, failing('execution', 'many-to-many matching not allowed'), true),
    fakeGroup('us', { region: 'us' }, () => vector({ a: 3 })),
  ]);
  const error = await rejection(federation.query(request('x')));
  t.same([error.code, error.message], ['execution', 'many-to-many matching not allowed']);
});

t.test('every missing group is named in a warning', async (t) => {
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

t.test(
  'an optional group that breaks off is incomplete when it passes through, and missing when it is computed with',
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

t.test('a required group that breaks off fails the answer', async (t) => {
  const federation = federationOf([
    fakeGroup('eu', { region: 'eu' }, breakingOff({ a: 1 })),
    fakeGroup('us', { region: 'us' }, silent),
  ]);
  const answer = await federation.query(request('x'));
  const error = await rejection(read(answer));
  t.match(error, { code: 'upstream', message: /cut/ });
});

t.test('an optional group that never answers leaves time for an answer of the others', async (t) => {
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

t.test('a required group that never answers is a timeout', async (t) => {
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
    const answering = federationOf([group]).query(request(query, { signal: client.signal }));
    setTimeout(() => {
      client.abort();
    }, 20);
    t.equal((await rejection(answering.then(read))).code, 'canceled', query);
    t.equal(group.closedBodies, 1, query);
  }
});
