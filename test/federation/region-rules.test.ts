// Rules of the regions, over several groups.

import t from 'tap';

import { asPromfedError, Labels, PromfedError } from '../../src/model/index.js';
import type { GroupSnapshot, RegionRuleGroup } from '../../src/upstreams/index.js';
import { federationOf } from '../helpers/federation.js';
import { onEagerClock, turnsOf } from '../helpers/runtime/event-loop-turns.js';
import { fakeGroup, silent } from './fake-group.js';

const QUERY = {
  kind: undefined,
  ruleNames: undefined,
  groupNames: undefined,
  files: undefined,
  excludesAlerts: false,
};
const REQUEST = { query: QUERY, timeoutMs: 5_000, signal: new AbortController().signal };

function ruleGroup(file: string, name: string): RegionRuleGroup {
  const base = { query: 'x', health: 'ok', lastError: undefined, evaluationS: 0, lastEvaluation: '' };
  const alert = { annotations: {}, activeAt: '', keepFiringSince: undefined, value: '1' };
  return {
    name,
    file,
    intervalS: 60,
    limit: 0,
    evaluationS: 0,
    lastEvaluation: '',
    rules: [
      { kind: 'recording', name: 'r', labels: { team: 'a' }, ...base },
      {
        kind: 'alerting',
        name: 'A',
        labels: { region: 'own' },
        ...base,
        state: 'firing',
        forS: 0,
        keepFiringForS: 0,
        annotations: {},
        alerts: [{ labels: { alertname: 'A' }, state: 'firing', ...alert }],
      },
    ],
  };
}

function region(
  name: string,
  rules: GroupSnapshot['rules'],
  changes: Partial<GroupSnapshot> = {},
): GroupSnapshot {
  return { ...fakeGroup(name, { region: name }, silent), rules, ...changes };
}

function answering(...data: RegionRuleGroup[]): GroupSnapshot['rules'] {
  return async () => ({ data, warnings: [] });
}

t.test('rules and alerts have the labels of the server group, and groups its name', async (t) => {
  const federation = federationOf([
    region('us', answering(ruleGroup('b', 'g'), ruleGroup('a', 'z'), ruleGroup('a', 'g'))),
    region('eu', answering(ruleGroup('a', 'g'))),
  ]);
  const { data, warnings } = await federation.metadata.rules(REQUEST);
  t.strictSame(
    data.map(({ serverGroup, file, name }) => [serverGroup, file, name]),
    [
      ['us', 'a', 'g'],
      ['us', 'a', 'z'],
      ['us', 'b', 'g'],
      ['eu', 'a', 'g'],
    ],
  );
  t.match(data[0]!.rules, [
    { labels: { team: 'a', region: 'us' } },
    { labels: { region: 'us' }, alerts: [{ labels: { alertname: 'A', region: 'us' } }] },
  ]);
  t.strictSame(warnings, []);
});

t.test('the failure of a required group is a warning that names it', async (t) => {
  for (const code of ['upstream', 'timeout', 'memory'] as const) {
    const failed = region('us', () => Promise.reject(new PromfedError(code, 'no endpoint')));
    const federation = federationOf([failed, region('eu', answering(ruleGroup('a', 'g')))]);
    const { data, warnings } = await federation.metadata.rules(REQUEST);
    t.strictSame(
      data.map(({ serverGroup }) => serverGroup),
      ['eu'],
    );
    t.strictSame(warnings, ['server group "us" is missing from this answer: no endpoint']);
  }
});

t.test('a process without memory does not answer', async (t) => {
  const federation = federationOf([
    region('us', () => Promise.reject(new PromfedError('overloaded', 'no memory'))),
  ]);
  await t.rejects(federation.metadata.rules(REQUEST), { code: 'overloaded' });
});

t.test('a group that does not answer is missing before the timeout', async (t) => {
  const waiting = region(
    'us',
    (_query, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          reject(asPromfedError(signal.reason));
        });
      }),
  );
  const federation = federationOf([waiting, region('eu', answering(ruleGroup('a', 'g')))]);
  const { data, warnings } = await federation.metadata.rules({ ...REQUEST, timeoutMs: 400 });
  t.equal(data.length, 1);
  t.match(warnings, [/^server group "us" is missing from this answer: query timed out/]);
});

t.test('the rules of a group with inject_matchers are not listed', async (t) => {
  const inject = [{ name: 'tenant', op: '=', value: 'a' }] as const;
  const federation = federationOf([region('eu', answering(ruleGroup('a', 'g')), { inject })]);
  t.match(await federation.metadata.rules(REQUEST), {
    data: [],
    warnings: [
      'server group "eu" is missing from this answer: inject_matchers cannot limit the rules of a region',
    ],
  });
});

t.test('labels of the server group replace those of the region', async (t) => {
  const federation = federationOf([
    region('eu', answering(ruleGroup('a', 'g')), { labels: Labels.from({ team: 'b' }) }),
  ]);
  const { data } = await federation.metadata.rules(REQUEST);
  t.strictSame(data[0]!.rules[0]!.labels, { team: 'b' });
});

t.test('groups without rules are handled in turns with the event loop', async (t) => {
  const empty = Array.from({ length: 500 }, (_, i) => ({ ...ruleGroup('f', String(i)), rules: [] }));
  const federation = federationOf([region('us', answering(...empty))]);
  const long = { ...REQUEST, timeoutMs: 1e9 };
  const turns = await onEagerClock(() =>
    turnsOf(async () => t.equal((await federation.metadata.rules(long)).data.length, 500)),
  );
  t.ok(turns > 600, `${turns} turns`);
});
