// Explain against the requests that regions receive: it names the groups that are queried, with what they are sent, and
// no others.

import t from 'tap';

import type { Explanation } from '../../src/federation/index.js';
import type { ExplainedNode } from '../../src/promql/plan/index.js';
import {
  startFaultServer,
  type Fault,
  type FaultServer,
  type ReceivedRequest,
} from '../helpers/upstreams/fault-server.js';
import { api, startPromfed, untilDetected, type PromfedOptions } from '../helpers/promfed/promfed.js';
import type { Teardown } from '../helpers/real-servers/server-process.js';
import { until } from '../helpers/until.js';

/** Returns an empty result of the type of the query, and `job` values where they are learned. */
function region(jobs: readonly string[]): Fault {
  return (response, _socket, { path, url, form }) => {
    const query = form.get('query') ?? url.get('query') ?? '';
    const isMatrix = path.endsWith('/query_range') || /\][^\])}]*$/.test(query);
    const data = path.endsWith('/values') ? jobs : { resultType: isMatrix ? 'matrix' : 'vector', result: [] };
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ status: 'success', data }));
  };
}

interface Layout {
  readonly name: string;
  /** The settings of each group, without its targets, in YAML's flow style. */
  readonly groups: Readonly<Record<string, string>>;
  /** Number of targets of each group. Default 1. */
  readonly replicas?: number;
  readonly learned?: Readonly<Record<string, readonly string[]>>;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly options?: PromfedOptions;
}

const BOUNDED = {
  early:
    'labels: { region: early }, absolute_time_range: { start: "1970-01-01T00:00:00Z", end: "1970-01-01T00:00:01Z" }',
  exact: 'labels: { region: exact }, semantics: exact',
  plain: 'labels: { region: plain }',
};
const SPLIT = {
  old: 'absolute_time_range: { end: "1970-01-01T02:30:00Z" }',
  new: 'absolute_time_range: { start: "1970-01-01T02:30:00.001Z" }',
};
const LEARNED = {
  a: 'labels: { region: a }, label_filter: { dynamic_labels: [job] }',
  b: 'labels: { region: b }, label_filter: { dynamic_labels: [job] }',
};
const JOBS = { a: ['app', 'node'], b: ['db'] };

const LAYOUTS: readonly Layout[] = [
  { name: 'one group outside of its time range and one with exact semantics', groups: BOUNDED },
  { name: 'groups that share their series by time', groups: SPLIT },
  {
    name: 'groups whose samples are truncated to their time range',
    groups: {
      old: 'absolute_time_range: { end: "1970-01-01T02:30:00Z", truncate: true }',
      new: 'absolute_time_range: { start: "1970-01-01T02:30:00.001Z", truncate: true }',
    },
  },
  {
    name: 'declared label values',
    groups: {
      nodes: 'labels: { region: a }, label_filter: { static_labels_include: { job: [node] } }',
      apps: 'labels: { region: b }, label_filter: { static_labels_exclude: { job: [node] } }',
    },
  },
  { name: 'learned label values', groups: LEARNED, learned: JOBS },
  {
    name: 'learned label values that are not used for routing',
    groups: LEARNED,
    learned: JOBS,
    parameters: { routing: 'all' },
  },
  {
    name: 'injected matchers',
    groups: {
      app: `labels: { region: a }, inject_matchers: ['job="app"']`,
      others: `labels: { region: b }, inject_matchers: ['job!="app"']`,
    },
  },
  { name: 'replicas', groups: { a: 'labels: { region: a }', b: 'labels: { region: b }' }, replicas: 2 },
  { name: 'overlapping groups', groups: { a: '', b: '' } },
  { name: 'pushdown off', groups: BOUNDED, options: { pushdown: false } },
  {
    name: 'pushdown off, groups that share their series by time',
    groups: SPLIT,
    options: { pushdown: false },
  },
];

const QUERIES = [
  'x{job="app"}',
  'x{job="new"}',
  'sum(x{job="app"})',
  'sum by (job) (rate(x{region!="plain"}[5m]))',
  'x{job="app"} / on (job, region) y{job=~"app|node"}',
  'x{region="a"} or y{region="b", job="node"}',
  'max_over_time(sum(x{job="app"})[10m:7m])',
  'max_over_time(rate(x[5m])[17m:7m] offset 3m)',
  'quantile(0.5, rate(x{job="app"}[20m] @ 9100))',
  'timestamp(x{job="node"} offset 1m)',
  'absent(x{job="app"})',
  'x{region="nowhere"}',
];

/** One instant before and one after 02:30, where the time ranges of some layouts meet, and a range around it. */
const TIMES: readonly Readonly<Record<string, string>>[] = [
  { time: '8000' },
  { time: '9010' },
  { time: '10000' },
  { start: '8100', end: '9900', step: '60' },
];

/** Texts by group. Requests for raw samples without their range, which explain does not show. */
type Sent = Record<string, string[]>;

function explained(plan: ExplainedNode, groups: readonly string[]): Sent {
  const sent = new Map(groups.map((group) => [group, new Set<string>()]));
  const pending = [plan];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    for (const { group, expression } of node.groups ?? []) sent.get(group)!.add(expression);
    if (node.groups !== undefined) {
      const named = [...node.groups, ...(node.excluded ?? [])].map(({ group }) => group);
      t.same(named.sort(), [...groups].sort(), 'a leaf names every group once');
    }
    pending.push(...node.operands);
  }
  return sorted(sent);
}

/** @param before the number of requests that each server had received before. */
function received(
  servers: ReadonlyMap<string, readonly FaultServer[]>,
  before: ReadonlyMap<FaultServer, number>,
): Sent {
  const sent = new Map([...servers.keys()].map((group) => [group, new Set<string>()]));
  for (const [group, replicas] of servers) {
    for (const server of replicas) {
      for (const request of server.requests.slice(before.get(server))) {
        const query = queryOf(request);
        if (query !== undefined) sent.get(group)!.add(query.replace(/^(\{.*\})\[\d+ms\]$/, '$1'));
      }
    }
  }
  return sorted(sent);
}

function queryOf({ path, url, form }: ReceivedRequest): string | undefined {
  if (!path.endsWith('/query') && !path.endsWith('/query_range')) return undefined;
  return form.get('query') ?? url.get('query') ?? undefined;
}

function sorted(sent: ReadonlyMap<string, ReadonlySet<string>>): Sent {
  return Object.fromEntries([...sent].map(([group, texts]) => [group, [...texts].sort()]));
}

async function startRegions(t: Teardown, layout: Layout): Promise<Map<string, FaultServer[]>> {
  const servers = new Map<string, FaultServer[]>();
  for (const name of Object.keys(layout.groups)) {
    const replicas = Array.from({ length: layout.replicas ?? 1 }, () =>
      startFaultServer(region(layout.learned?.[name] ?? [])),
    );
    servers.set(name, await Promise.all(replicas));
  }
  t.teardown(async () => {
    await Promise.all([...servers.values()].flat().map((server) => server.close()));
  });
  return servers;
}

function configOf({ groups }: Layout, servers: ReadonlyMap<string, readonly FaultServer[]>): string {
  const written = Object.entries(groups).map(([name, settings]) => {
    const targets = servers.get(name)!.map(({ target }) => `"${target}"`);
    const more = settings === '' ? '' : `, ${settings}`;
    return `    - { name: ${name}, static_configs: [{ targets: [${targets.join(', ')}] }]${more} }\n`;
  });
  return `promxy:\n  server_groups:\n${written.join('')}`;
}

for (const layout of LAYOUTS) {
  t.test(`${layout.name}: explain names the requests that regions receive`, async (t) => {
    const servers = await startRegions(t, layout);
    const { url } = await startPromfed(t, configOf(layout, servers), layout.options);
    await untilDetected(url);
    const names = [...servers.keys()];
    if (layout.learned !== undefined) {
      const explainDb = (): Promise<{ data?: Explanation }> =>
        api<Explanation>(url, '/api/v1/explain', { query: 'x{job="db"}', time: '9000' });
      await until(
        async () => (await explainDb()).data?.plan.groups?.length === 1,
        'the learned label values',
      );
    }
    let requests = 0;
    for (const query of QUERIES) {
      for (const times of TIMES) {
        const parameters = { query, ...times, ...layout.parameters };
        const { data } = await api<Explanation>(url, '/api/v1/explain', parameters);
        const expected = explained(data!.plan, names);
        const before = new Map(
          [...servers.values()].flat().map((server) => [server, server.requests.length]),
        );
        const route = 'time' in times ? 'query' : 'query_range';
        const answer = await api(url, `/api/v1/${route}`, parameters);
        t.equal(answer.status, 'success', answer.error ?? '');
        const sent = received(servers, before);
        t.same(sent, expected, JSON.stringify(parameters));
        requests += Object.values(sent).flat().length;
      }
    }
    t.ok(requests > QUERIES.length, 'regions are queried');
  });
}

t.test('a group outside of its time range is not named for raw samples', async (t) => {
  const [layout] = LAYOUTS;
  const servers = await startRegions(t, layout!);
  const { url } = await startPromfed(t, configOf(layout!, servers));
  const { data } = await api<Explanation>(url, '/api/v1/explain', { query: 'x{job="app"}', time: '10000' });
  t.match(data?.plan, {
    kind: 'selector',
    groups: [{ group: 'exact' }, { group: 'plain' }],
    excluded: [
      {
        group: 'early',
        reason: 'its time range begins at 1970-01-01T00:00:00.000Z and ends at 1970-01-01T00:00:01.000Z',
      },
    ],
  });
});

t.test('a group that is excluded by label_filter is explained with it', async (t) => {
  const layout = LAYOUTS.find(({ name }) => name === 'declared label values')!;
  const servers = await startRegions(t, layout);
  const { url } = await startPromfed(t, configOf(layout, servers));
  const { data } = await api<Explanation>(url, '/api/v1/explain', { query: 'x{job="app"}' });
  t.match(data?.plan, {
    groups: [{ group: 'apps' }],
    excluded: [{ group: 'nodes', reason: 'its label_filter allows no value that matches job="app"' }],
  });
});
