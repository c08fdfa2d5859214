// Rules of a Prometheus and of a vmalert behind VictoriaMetrics and vmauth, listed by promfed.

import t from 'tap';

import { api, startPromfed } from '../helpers/promfed/promfed.js';
import {
  startPrometheus,
  startVictoriaMetrics,
  startVmalert,
  startVmauth,
  withoutRealServers,
} from '../helpers/real-servers/real-servers.js';
import { answersWith, startFaultServer } from '../helpers/upstreams/fault-server.js';
import { untilFound } from '../helpers/until.js';

interface RulesData {
  readonly groups: readonly {
    readonly name: string;
    readonly serverGroup: string;
    readonly interval: number;
    readonly rules: readonly {
      readonly name: string;
      readonly type: string;
      readonly state?: string;
      readonly health: string;
      readonly labels: Readonly<Record<string, string>>;
      readonly alerts?: readonly {
        readonly state: string;
        readonly labels: Readonly<Record<string, string>>;
        readonly annotations: Readonly<Record<string, string>>;
        readonly value: string;
      }[];
    }[];
  }[];
  readonly groupNextToken?: string;
}

const RULES = `groups:
- name: general
  interval: 1s
  rules:
  - { record: 'one:sum', expr: vector(1), labels: { team: a } }
  - alert: Always
    expr: vector(1)
    labels: { severity: page }
    annotations: { summary: 'value {{ $value }}' }
  - { alert: Never, expr: vector(1) > 2, for: 5m }
`;

t.test(
  'rules of Prometheus and of vmalert are listed by region',
  { skip: withoutRealServers() },
  async (t) => {
    const prometheus = await startPrometheus(t, { rules: [RULES] });
    const vmalert = await startVmalert(t, {
      datasource: prometheus.url,
      rules: [RULES],
      remoteWrite: prometheus.url,
    });
    const victoria = await startVictoriaMetrics(t, { args: [`-vmalert.proxyURL=${vmalert.url}`] });
    const vmauth = await startVmauth(t, { backends: [victoria.url] });
    const withoutVmalert = await startVictoriaMetrics(t);
    const withoutRules = await startFaultServer(
      answersWith(404, { 'content-type': 'text/plain' }, 'page not found'),
    );
    t.teardown(() => withoutRules.close());
    const promfed = await startPromfed(
      t,
      `promxy:
  server_groups:
    - name: prometheus
      static_configs: [{ targets: ['127.0.0.1:${prometheus.port}'] }]
      labels: { region: eu }
    - name: victoria
      static_configs: [{ targets: ['127.0.0.1:${vmauth.port}'] }]
      path_prefix: ${vmauth.pathPrefix}
      labels: { region: us }
    - name: no-vmalert
      static_configs: [{ targets: ['127.0.0.1:${withoutVmalert.port}'] }]
      labels: { region: asia }
    - name: no-rules
      static_configs: [{ targets: ['${withoutRules.target}'] }]
      labels: { region: africa }
`,
    );
    const { data, warnings } = await untilFound(async () => {
      const answer = await api<RulesData>(promfed.url, '/api/v1/rules', { federated: 'true' });
      const firing = (answer.data?.groups ?? []).filter(
        ({ rules }) => rules[1]?.state === 'firing' && rules.every(({ health }) => health === 'ok'),
      );
      return firing.length === 2 ? answer : undefined;
    }, 'the alerts of both regions');
    t.match(warnings, [
      /^server group "no-rules" is missing from this answer: target .*: HTTP 404: page not found$/,
    ]);
    t.equal(warnings!.length, 1);
    for (const [i, [serverGroup, region]] of [
      ['prometheus', 'eu'] as const,
      ['victoria', 'us'] as const,
    ].entries()) {
      const group = data!.groups[i]!;
      t.match(group, { name: 'general', serverGroup, interval: 1 });
      t.match(group.rules, [
        { name: 'one:sum', type: 'recording', labels: { team: 'a', region } },
        { name: 'Always', type: 'alerting', state: 'firing', labels: { severity: 'page', region } },
        { name: 'Never', type: 'alerting', state: 'inactive', duration: 300, labels: { region }, alerts: [] },
      ]);
      t.equal(group.rules[1]!.alerts?.length, 1);
      t.match(group.rules[1]!.alerts, [
        {
          state: 'firing',
          labels: { alertname: 'Always', severity: 'page', region },
          annotations: { summary: 'value 1' },
          value: /^1(e\+00)?$/,
        },
      ]);
    }

    const query = { federated: 'true', 'match[]': '{region="us"}', type: 'alert', 'rule_name[]': 'Always' };
    const filtered = await api<RulesData>(promfed.url, '/api/v1/rules', { ...query, exclude_alerts: 'true' });
    t.strictSame(
      filtered.data?.groups.map(({ serverGroup, rules }) => [serverGroup, rules.map(({ name }) => name)]),
      [['victoria', ['Always']]],
    );
    t.equal(filtered.data?.groups[0]?.rules[0]?.alerts, null);

    const page = await api<RulesData>(promfed.url, '/api/v1/rules', { federated: 'true', group_limit: '1' });
    t.equal(page.data?.groups.length, 1);
    t.type(page.data?.groupNextToken, 'string');
  },
);
