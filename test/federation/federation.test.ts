// Answers over several groups.

import t from 'tap';

import { federationOf } from '../helpers/federation.js';
import { fakeGroup, read, rejection, request, vector } from './fake-group.js';

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

t.test('the results of a distributed aggregation are aggregated again', async (t) => {
  const groups = [
    fakeGroup('eu', { region: 'eu' }, () => vector({ a: 1 })),
    fakeGroup('us', { region: 'us' }, () => vector({ a: 3 })),
  ];
  t.same(await read(await federationOf(groups).query(request('sum by (pod) (x)'))), { '{pod="a"}': 4 });
  t.same(groups[0]!.received, ['sum by (pod) (x)']);
});

t.test('equal fetches of a query are sent once', async (t) => {
  const groups = ['eu', 'us'].map((region) => fakeGroup(region, { region }, () => vector({ a: 2 })));
  const values = await read(await federationOf(groups).query(request('quantile(0.5, x) + quantile(1, x)')));
  t.same(values, { '{}': 4 });
  for (const { received } of groups) t.same(received, ['x']);
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

t.test('annotations of regions have no positions', async (t) => {
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

t.test('more samples than --query.max-samples are an error that names the flag', async (t) => {
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
