// /api/v1/rules over the rules of promfed and those of the regions.

import t, { type Test } from 'tap';

import type { FederatedRuleGroup, QueryEngine } from '../../../src/federation/index.js';
import { Connections, createApp } from '../../../src/http/index.js';
import { PromfedError } from '../../../src/model/index.js';
import { onEagerClock, turnsOf } from '../../helpers/runtime/event-loop-turns.js';
import { REQUEST_LIMITS } from '../../helpers/parameters/request-limits.js';
import { NO_LOG, systemClock } from '../../../src/runtime/index.js';
import { NO_RULES, type AlertView, type RuleGroupView, type RuleView } from '../../../src/rules/index.js';

interface Answer {
  readonly status: number;
  readonly body: { readonly data: Page; readonly warnings?: unknown; readonly error?: string };
}

interface Page {
  readonly groups: readonly {
    readonly name: string;
    readonly serverGroup?: string;
    readonly rules: readonly { readonly name: string; readonly alerts?: unknown }[];
  }[];
  readonly groupNextToken?: string;
}

type RulesRequest = Parameters<QueryEngine['metadata']['rules']>[0];

const OWN: RuleGroupView = {
  name: 'g',
  file: 'f',
  intervalMs: 60_000,
  limit: 0,
  evaluationMs: 0,
  evaluatedAtMs: undefined,
  rules: [
    {
      kind: 'recording',
      name: 'own',
      query: 'x',
      labels: {},
      health: 'ok',
      lastError: undefined,
      evaluationMs: 0,
      evaluatedAtMs: undefined,
      missingGroups: [],
    },
  ],
};

function ofRegion(serverGroup: string, name: string): FederatedRuleGroup {
  const labels = { region: serverGroup };
  return {
    serverGroup,
    name,
    file: 'f',
    intervalS: 30,
    limit: 0,
    evaluationS: 0.5,
    lastEvaluation: '2026-01-02T03:04:05Z',
    rules: [
      {
        kind: 'alerting',
        name: 'A',
        query: 'x > 0',
        labels,
        health: 'ok',
        lastError: undefined,
        evaluationS: 0.25,
        lastEvaluation: '2026-01-02T03:04:05Z',
        state: 'firing',
        forS: 60,
        keepFiringForS: 0,
        annotations: { summary: '</script>\u2028' },
        alerts: [
          {
            labels: { alertname: 'A', ...labels },
            annotations: {},
            state: 'firing',
            activeAt: '2026-01-02T03:04:00Z',
            keepFiringSince: undefined,
            value: '1e+00',
          },
        ],
      },
    ],
  };
}

function startApp(
  t: Test,
  own: readonly RuleGroupView[] = [OWN],
): {
  readonly app: ReturnType<typeof createApp>;
  readonly get: (query: string) => Promise<Answer>;
  readonly requests: RulesRequest[];
  readonly released: () => number;
} {
  const requests: RulesRequest[] = [];
  let released = 0;
  const unexpected = (): Promise<never> => Promise.reject(new PromfedError('internal', 'not expected'));
  const engine: QueryEngine = {
    query: unexpected,
    evaluate: unexpected,
    explain: unexpected,
    metadata: {
      series: unexpected,
      labelNames: unexpected,
      labelValues: unexpected,
      metrics: unexpected,
      rules: async (request) => {
        requests.push(request);
        return {
          data: [ofRegion('eu', 'g'), ofRegion('us', 'g'), ofRegion('us', 'h')],
          warnings: ['server group "asia" is missing from this answer: HTTP 404'],
          release: () => released++,
        };
      },
    },
  };
  const app = createApp({
    engineFor: () => engine,
    rules: { ...NO_RULES, groups: async () => own },
    features: new Set(),
    limits: REQUEST_LIMITS,
    clock: systemClock,
    queryTimeoutMs: 1234,
    version: 'test',
    lifecycleEnabled: false,
    routePrefix: '',
    flags: {},
    connections: new Connections(),
    isReady: () => true,
    reload: () => Promise.resolve(),
    configYaml: () => '',
    metrics: () => Promise.resolve({ contentType: 'text/plain', text: '' }),
    onAnswered: () => undefined,
    log: NO_LOG,
  });
  t.teardown(() => app.close());
  return {
    app,
    requests,
    released: () => released,
    get: async (query) => {
      const { statusCode, body } = await app.inject({ url: `/api/v1/rules?${query}` });
      return { status: statusCode, body: JSON.parse(body) as { data: Page } };
    },
  };
}

const namesOf = ({ groups }: Page): string[] =>
  groups.map(({ serverGroup = '-', name }) => `${serverGroup}/${name}`);

t.test('regions are not queried without federated', async (t) => {
  const { get, requests } = startApp(t);
  for (const query of ['', 'federated=false', 'federated=0']) {
    const { body } = await get(query);
    t.strictSame(namesOf(body.data), ['-/g']);
    t.notOk('warnings' in body);
  }
  t.equal(requests.length, 0);
});

t.test('rules of the regions follow those of promfed, with warnings', async (t) => {
  const { get, requests, released } = startApp(t);
  const { status, body } = await get('federated=true');
  t.equal(status, 200);
  t.strictSame(namesOf(body.data), ['-/g', 'eu/g', 'us/g', 'us/h']);
  t.strictSame(body.warnings, ['server group "asia" is missing from this answer: HTTP 404']);
  t.strictSame(body.data.groups[1], {
    name: 'g',
    file: 'f',
    serverGroup: 'eu',
    rules: [
      {
        state: 'firing',
        name: 'A',
        query: 'x > 0',
        duration: 60,
        keepFiringFor: 0,
        labels: { region: 'eu' },
        annotations: { summary: '</script>\u2028' },
        alerts: [
          {
            labels: { alertname: 'A', region: 'eu' },
            annotations: {},
            state: 'firing',
            activeAt: '2026-01-02T03:04:00Z',
            value: '1e+00',
          },
        ],
        health: 'ok',
        evaluationTime: 0.25,
        lastEvaluation: '2026-01-02T03:04:05Z',
        type: 'alerting',
      },
    ],
    interval: 30,
    limit: 0,
    evaluationTime: 0.5,
    lastEvaluation: '2026-01-02T03:04:05Z',
  });
  t.equal(requests[0]!.timeoutMs, 1234);
  t.equal(released(), 1);
});

const FILTERS = [
  { query: 'type=record', groups: ['-/g'] },
  { query: 'type=alert', groups: ['eu/g', 'us/g', 'us/h'] },
  { query: 'rule_group[]=h', groups: ['us/h'] },
  { query: 'rule_name[]=own', groups: ['-/g'] },
  { query: 'match[]={region="us"}', groups: ['us/g', 'us/h'] },
  { query: 'file[]=other', groups: [] },
];

t.test('filters apply to all rules, and are sent to the regions', async (t) => {
  const { get, requests } = startApp(t);
  for (const { query, groups } of FILTERS) {
    t.strictSame(namesOf((await get(`federated=true&${encodeURI(query)}`)).body.data), groups, query);
  }
  t.match(requests[0]!.query, { kind: 'recording', excludesAlerts: false });
  t.strictSame(requests[2]!.query.groupNames, new Set(['h']));
});

t.test('alerts are excluded on request', async (t) => {
  const { get, requests } = startApp(t);
  const { body } = await get('federated=true&exclude_alerts=true');
  t.equal(body.data.groups[1]!.rules[0]!.alerts, null);
  t.equal(requests[0]!.query.excludesAlerts, true);
});

t.test('pages cover all groups, also those of equal file and name', async (t) => {
  const { get } = startApp(t);
  const names: string[] = [];
  let token = '';
  do {
    const { data } = (await get(`federated=true&group_limit=1&group_next_token=${token}`)).body;
    names.push(...namesOf(data));
    token = data.groupNextToken ?? '';
  } while (token !== '' && names.length < 10);
  t.strictSame(names, ['-/g', 'eu/g', 'us/g', 'us/h']);
});

t.test('an invalid request releases the memory of the regions', async (t) => {
  const { get, released, requests } = startApp(t);
  const { status } = await get('federated=true&group_limit=1&group_next_token=none');
  t.equal(status, 400);
  t.equal(released(), 1);
  const { body } = await get('federated=maybe');
  t.match(body.error, /^invalid parameter "federated": error converting federated: strconv.ParseBool/);
  t.equal(requests.length, 1);
});

t.test('matchers and tokens are computed in turns with the event loop', async (t) => {
  const { get } = startApp(t);
  const selectors = Array.from({ length: 200 }, (_, i) => `match[]={nosuch="${i}"}`).join('&');
  const many = await onEagerClock(() => turnsOf(() => get(`federated=true&${selectors}`)));
  t.ok(many > 200 * 4, `${many} turns for four rules`);
  const token = 'group_limit=1&group_next_token=nosuch';
  const { status } = await get(`federated=true&${token}`);
  t.equal(status, 400);
});

t.test('many alerts are printed in turns with the event loop', async (t) => {
  const alert: AlertView = {
    labels: { alerts: '"alerts":[]' },
    annotations: {},
    state: 'firing',
    activeAtMs: 0,
    keepFiringSinceMs: undefined,
    slotNs: 0,
    value: 1,
  };
  const rule: RuleView = {
    ...OWN.rules[0]!,
    kind: 'alerting',
    state: 'firing',
    forMs: 0,
    keepFiringForMs: 0,
    annotations: { rules: '"rules":[]' },
    alerts: Array.from({ length: 1000 }, () => alert),
  };
  const { get, app } = startApp(t, [{ ...OWN, rules: [rule, rule] }]);
  let rules: Answer | undefined;
  const turns = await onEagerClock(() =>
    turnsOf(async () => {
      rules = await get('');
    }),
  );
  t.ok(turns > 2000, `${turns} turns`);
  const [printed] = rules!.body.data.groups[0]!.rules;
  t.strictSame(
    printed!.alerts,
    Array(1000).fill({
      labels: alert.labels,
      annotations: {},
      state: 'firing',
      activeAt: '1970-01-01T00:00:00Z',
      value: '1e+00',
    }),
  );
  const { body } = await app.inject({ url: '/api/v1/alerts' });
  t.strictSame((JSON.parse(body) as { data: unknown }).data, {
    alerts: [...(printed!.alerts as unknown[]), ...(printed!.alerts as unknown[])],
  });
});
