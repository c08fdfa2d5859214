// Answers of /api/v1/rules: what is read from them, and which ones are failures.

import t, { type Test } from 'tap';

import { systemClock } from '../../../src/runtime/index.js';
import type { RegionRuleGroup, RulesQuery } from '../../../src/upstreams/index.js';
import { answersWith, startFaultServer, type FaultServer } from '../../helpers/upstreams/fault-server.js';
import { fetchContext, groupSettings, openGroup, success, type OpenGroup } from '../settings.js';

const ALL: RulesQuery = {
  kind: undefined,
  ruleNames: undefined,
  groupNames: undefined,
  files: undefined,
  excludesAlerts: false,
};

async function startRegion(
  t: Test,
  data: unknown,
): Promise<{ readonly group: OpenGroup; readonly server: FaultServer }> {
  const body = JSON.stringify(success(data));
  const server = await startFaultServer(answersWith(200, { 'content-type': 'application/json' }, body));
  const group = openGroup(groupSettings([server.target]), { clock: systemClock, version: '1.2.3' });
  t.teardown(async () => {
    await group.close();
    await server.close();
  });
  return { group, server };
}

async function read(t: Test, groups: unknown): Promise<readonly RegionRuleGroup[]> {
  const { group } = await startRegion(t, { groups });
  return (await group.rules(ALL, fetchContext())).data;
}

const RECORDING = { name: 'a:b', query: 'sum(a)', type: 'recording' };
const ALERTING = { name: 'A', query: 'a > 1', type: 'alerting' };

t.test('missing members have defaults, and unknown members are dropped', async (t) => {
  t.strictSame(await read(t, [{ name: 'g', rules: [RECORDING, { ...ALERTING, extra: {} }], extra: [1] }]), [
    {
      name: 'g',
      file: '',
      intervalS: 0,
      limit: 0,
      evaluationS: 0,
      lastEvaluation: '0001-01-01T00:00:00Z',
      rules: [
        {
          kind: 'recording',
          name: 'a:b',
          query: 'sum(a)',
          labels: {},
          health: 'unknown',
          lastError: undefined,
          evaluationS: 0,
          lastEvaluation: '0001-01-01T00:00:00Z',
        },
        {
          kind: 'alerting',
          name: 'A',
          query: 'a > 1',
          labels: {},
          health: 'unknown',
          lastError: undefined,
          evaluationS: 0,
          lastEvaluation: '0001-01-01T00:00:00Z',
          state: 'unknown',
          forS: 0,
          keepFiringForS: 0,
          annotations: {},
          alerts: [],
        },
      ],
    },
  ]);
});

t.test('types, states and alerts that Prometheus does not have are not listed', async (t) => {
  const alert = { labels: { a: 'b' }, value: '1' };
  const [group] = await read(t, [
    {
      name: 'g',
      rules: [
        { ...ALERTING, type: 'stream' },
        {
          ...ALERTING,
          state: 'odd',
          alerts: [
            { ...alert, state: 'inactive' },
            { ...alert, state: 'firing' },
          ],
        },
      ],
    },
  ]);
  t.match(group!.rules, [{ state: 'unknown', alerts: [{ state: 'firing', value: '1' }] }]);
  t.equal(group!.rules.length, 1);
});

t.test('names that JavaScript objects treat specially are labels like others', async (t) => {
  const labels = JSON.parse('{"__proto__":"a","constructor":"b"}') as unknown;
  const [group] = await read(t, [
    { name: '__proto__', file: '__proto__', rules: [{ ...RECORDING, labels }] },
  ]);
  t.equal(JSON.stringify(group!.rules[0]!.labels), '{"__proto__":"a","constructor":"b"}');
});

t.test('groups of one answer with equal file and name become one', async (t) => {
  const groups = await read(t, [
    { name: 'g', file: 'f', rules: [RECORDING] },
    { name: 'g', file: 'f', rules: [ALERTING] },
    { name: 'g', file: 'other', rules: [] },
  ]);
  t.strictSame(
    groups.map(({ file, rules }) => [file, rules.map(({ name }) => name)]),
    [
      ['f', ['a:b', 'A']],
      ['other', []],
    ],
  );
});

t.test('groups that replicas share are listed once', async (t) => {
  const shared = { name: 'g', file: 'f' };
  const bodies = [
    [{ ...shared, rules: [RECORDING] }],
    [
      { ...shared, rules: [ALERTING] },
      { name: 'h', rules: [] },
    ],
  ].map((groups) => JSON.stringify(success({ groups })));
  const servers = await Promise.all(
    bodies.map((body) => startFaultServer(answersWith(200, { 'content-type': 'application/json' }, body))),
  );
  const targets = servers.map(({ target }) => target);
  const group = openGroup(groupSettings(targets), { clock: systemClock, version: '1.2.3' });
  t.teardown(async () => {
    await group.close();
    for (const server of servers) await server.close();
  });
  const { data } = await group.rules(ALL, fetchContext());
  t.strictSame(
    data.map(({ name, rules }) => [name, rules.map((rule) => rule.name)]),
    [
      ['g', ['a:b']],
      ['h', []],
    ],
  );
});

t.test('filters are sent to the region, so that it sends less', async (t) => {
  const { group, server } = await startRegion(t, { groups: [] });
  await group.rules(
    {
      kind: 'alerting',
      ruleNames: new Set(['A', 'B']),
      groupNames: new Set(['g']),
      files: new Set(['f']),
      excludesAlerts: true,
    },
    fetchContext(),
  );
  await group.rules(ALL, fetchContext());
  const [filtered, all] = server.requests;
  t.equal(filtered!.path, '/api/v1/rules');
  filtered!.url.delete('timeout');
  t.equal(
    decodeURIComponent(filtered!.url.toString()),
    'type=alert&exclude_alerts=true&rule_name[]=A&rule_name[]=B&rule_group[]=g&file[]=f',
  );
  t.strictSame([...all!.url.keys()], ['timeout']);
});

const GROUP = { name: 'g', rules: [] };

const INVALID = [
  { name: 'no groups', data: {}, message: /groups is not a list$/ },
  { name: 'a list', data: [], message: /data is not an object$/ },
  { name: 'text as a group', data: { groups: ['g'] }, message: /a rule group is not an object$/ },
  {
    name: 'a group without a name',
    data: { groups: [{}] },
    message: /the name of a rule group is not a string$/,
  },
  {
    name: 'an object as rules',
    data: { groups: [{ name: 'g', rules: {} }] },
    message: /the rules of a group is not a list$/,
  },
  {
    name: 'text as an interval',
    data: { groups: [{ ...GROUP, interval: '1' }] },
    message: /the interval of a rule group is not a number$/,
  },
  {
    name: 'a rule without a query',
    data: { groups: [{ name: 'g', rules: [{ name: 'A', type: 'alerting' }] }] },
    message: /the query of a rule is not a string$/,
  },
  {
    name: 'a list as labels',
    data: { groups: [{ name: 'g', rules: [{ ...ALERTING, labels: [] }] }] },
    message: /the labels of a rule is not an object$/,
  },
  {
    name: 'an object as an annotation',
    data: { groups: [{ name: 'g', rules: [{ ...ALERTING, annotations: { a: {} } }] }] },
    message: /an entry of the annotations of a rule is not a string$/,
  },
  {
    name: 'text as an alert',
    data: { groups: [{ name: 'g', rules: [{ ...ALERTING, alerts: ['a'] }] }] },
    message: /an alert is not an object$/,
  },
];

for (const { name, data, message } of INVALID) {
  t.test(`${name} is a failure of the target`, async (t) => {
    const { group } = await startRegion(t, data);
    await t.rejects(group.rules(ALL, fetchContext()), { code: 'upstream', message });
  });
}

t.test('an answer of more than 16 MiB is a failure of the target', async (t) => {
  const { group } = await startRegion(t, { groups: [{ ...GROUP, file: 'x'.repeat(16 * 1024 * 1024) }] });
  await t.rejects(group.rules(ALL, fetchContext()), {
    code: 'upstream',
    message: /larger than 16777216 bytes/,
  });
});

t.test('an object with more than 10,000 members is a failure of the region', async (t) => {
  const labels = (count: number): Record<string, string> =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`l${i}`, 'x']));
  const groups = (count: number): unknown => [
    { name: 'g', rules: [{ ...RECORDING, labels: labels(count) }] },
  ];
  t.equal((await read(t, groups(10_000))).length, 1);
  await t.rejects(read(t, groups(10_001)), { code: 'upstream', message: /more than 10000 members/ });
});
