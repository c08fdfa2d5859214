// Rules of a promfed process over real regions, with a real Alertmanager.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';

import { api } from '../helpers/promfed/promfed.js';
import { buildPromfed, startPromfedProcess, type PromfedProcess } from '../helpers/promfed/process.js';
import {
  importIntoVictoriaMetrics,
  startAlertmanager,
  startVictoriaMetrics,
  withoutRealServers,
  type RealServer,
  type Teardown,
} from '../helpers/real-servers/real-servers.js';
import { until, untilFound } from '../helpers/until.js';

const folder = mkdtempSync(join(tmpdir(), 'promfed-rules-'));
t.teardown(() => {
  rmSync(folder, { recursive: true, force: true });
});
t.before(buildPromfed);

interface RulesData {
  readonly groups: readonly {
    readonly name: string;
    readonly rules: readonly {
      readonly name: string;
      readonly state?: string;
      readonly health: string;
      readonly lastError?: string;
      readonly lastEvaluation: string;
      readonly missingServerGroups?: readonly string[];
      readonly alerts?: readonly {
        readonly state: string;
        readonly labels: Readonly<Record<string, string>>;
        readonly activeAt: string;
      }[];
    }[];
  }[];
}

const REGIONS = ['eu', 'us'];

/** Starts regions with `up` of a job each, from five minutes ago until in one hour. */
async function startRegions(t: Teardown): Promise<readonly RealServer[]> {
  const startMs = Date.now() - 5 * 60_000;
  const timestamps = Array.from({ length: 261 }, (_, i) => startMs + i * 15_000);
  return Promise.all(
    REGIONS.map(async (region) => {
      const server = await startVictoriaMetrics(t);
      const labels = { __name__: 'up', job: `job-${region}` };
      await importIntoVictoriaMetrics(server.url, [{ labels, timestamps, values: timestamps.map(() => 0) }]);
      return server;
    }),
  );
}

function writeFiles(name: string, regions: readonly RealServer[], rules: string, more = ''): string {
  const groups = regions.map(
    ({ url }, i) => `    - name: ${REGIONS[i]!}
      static_configs: [{ targets: ['${new URL(url).host}'] }]
      labels: { region: ${REGIONS[i]!} }
      ignore_error: true
      http_client: { dial_timeout: 5s }`,
  );
  writeFileSync(join(folder, `${name}.rules.yaml`), rules);
  const config = join(folder, `${name}.yaml`);
  writeFileSync(
    config,
    `global: { evaluation_interval: 1s }
rule_files: ['${name}.rules.yaml']
${more}promxy:
  server_groups:
${groups.join('\n')}
`,
  );
  return config;
}

async function rulesOf({ url }: PromfedProcess): Promise<RulesData['groups']> {
  // A new connection may reach another worker.
  const response = await fetch(`${url}api/v1/rules`, { headers: { connection: 'close' } });
  const { data } = (await response.json()) as { data?: RulesData };
  return data?.groups ?? [];
}

/** Returns the states of the alerts of a rule by region, for example `eu:firing us:firing`. */
async function statesOf(promfed: PromfedProcess, rule: string): Promise<string> {
  const groups = await rulesOf(promfed);
  const found = groups.flatMap(({ rules }) => rules).find(({ name }) => name === rule);
  return (found?.alerts ?? [])
    .map(({ state, labels }) => `${labels['region'] ?? '-'}:${state}`)
    .sort()
    .join(' ');
}

const skip = withoutRealServers();

t.test('an alert goes from a rule file to Alertmanager, and every worker returns it', { skip }, async (t) => {
  const regions = await startRegions(t);
  const alertmanager = await startAlertmanager(t);
  const config = writeFiles(
    'notify',
    regions,
    `groups:
- name: general
  rules:
  - alert: TargetDown
    expr: up == 0
    labels: { severity: page }
    annotations: { summary: '{{ $labels.job }} of {{ $labels.region }} is {{ $value }}' }
`,
    `alerting: { alertmanagers: [{ static_configs: [{ targets: ['${new URL(alertmanager.url).host}'] }] }] }\n`,
  );
  const promfed = await startPromfedProcess(t, `--config=${config}`, '--workers=2');
  for (let i = 0; i < 6; i++) {
    await until(async () => (await statesOf(promfed, 'TargetDown')) === 'eu:firing us:firing', 'both alerts');
  }
  const received = await untilFound(async () => {
    const alerts = (await (await fetch(`${alertmanager.url}/api/v2/alerts`)).json()) as {
      readonly labels: Readonly<Record<string, string>>;
      readonly annotations: Readonly<Record<string, string>>;
      readonly generatorURL: string;
    }[];
    return alerts.length === 2 ? alerts : undefined;
  }, 'the alerts in Alertmanager');
  t.strictSame(
    received.map(({ labels }) => labels).sort((a, b) => (a['region']! < b['region']! ? -1 : 1)),
    REGIONS.map((region) => ({ alertname: 'TargetDown', job: `job-${region}`, region, severity: 'page' })),
  );
  t.match(received[0]!.annotations['summary'], /^job-(eu|us) of (eu|us) is 0$/);
  t.match(received[0]!.generatorURL, /\/graph\?g0\.expr=up\+%3D%3D\+0&g0\.tab=1$/);
  const { data } = await api<{ activeAlertmanagers: { url: string }[] }>(
    promfed.url,
    '/api/v1/alertmanagers',
  );
  t.strictSame(data?.activeAlertmanagers, [{ url: `${alertmanager.url}/api/v2/alerts` }]);
});

t.test('a region that is down neither resolves its alerts nor makes absent() fire', { skip }, async (t) => {
  const regions = await startRegions(t);
  const config = writeFiles(
    'hold',
    regions,
    `groups:
- name: held
  rules:
  - { alert: TargetDown, expr: up == 0 }
  - { alert: Missing, expr: 'absent(up{job="job-eu"})' }
  - { alert: Pending, expr: up == 0, for: 1h }
- name: warned
  partial_response_strategy: warn
  rules:
  - { alert: MissingWarned, expr: 'absent(up{job="job-eu"})' }
`,
  );
  const promfed = await startPromfedProcess(t, `--config=${config}`, '--workers=1');
  await until(async () => (await statesOf(promfed, 'TargetDown')) === 'eu:firing us:firing', 'both alerts');
  const activeAt = async (): Promise<readonly string[]> =>
    (await rulesOf(promfed))
      .flatMap(({ rules }) => rules)
      .filter(({ name }) => name === 'Pending')
      .flatMap(({ alerts }) => (alerts ?? []).map((alert) => alert.activeAt));
  const pendingSince = await activeAt();
  t.equal(pendingSince.length, 2);

  await regions[0]!.kill();
  await until(async () => (await statesOf(promfed, 'MissingWarned')) !== '', 'absent() to fire with `warn`');
  const evaluations = async (): Promise<string> => {
    const metrics = await (await fetch(`${promfed.url}metrics`)).text();
    return metrics
      .split('\n')
      .filter((line) => line.startsWith('promfed_rule_group_partial'))
      .join('\n');
  };
  await until(async () => /;held"\} [1-9]/.test(await evaluations()), 'the count of partial evaluations');
  t.equal(await statesOf(promfed, 'TargetDown'), 'eu:firing us:firing');
  t.equal(await statesOf(promfed, 'Missing'), '');
  t.strictSame(await activeAt(), pendingSince);
  const held = (await rulesOf(promfed)).find(({ name }) => name === 'held');
  t.strictSame(held?.rules[0]?.missingServerGroups, ['eu']);
});

t.test('a chain over two regions is right when no region returns its results', { skip }, async (t) => {
  const regions = await startRegions(t);
  const receiver = await startVictoriaMetrics(t);
  const config = writeFiles(
    'chain',
    regions,
    `groups:
- name: chain
  rules:
  - { record: 'region:up:count', expr: count by (region) (up) }
  - { record: 'up:count', expr: 'sum(region:up:count)' }
  - { record: 'region:up:share', expr: 'region:up:count / on () group_left () up:count' }
  - { alert: Half, expr: 'count by (region) (up) / on () group_left () up:count == 0.5' }
  - { alert: Lost, expr: 'absent(up:count) or on () up:count != 2 or on () absent(region:up:share)' }
`,
    `remote_write: [{ url: '${receiver.url}/api/v1/write', queue_config: { batch_send_deadline: 1s } }]\n`,
  );
  const promfed = await startPromfedProcess(t, `--config=${config}`, '--workers=1');
  const seen = new Set<string>();
  await until(async () => {
    seen.add(await statesOf(promfed, 'Lost'));
    return (await statesOf(promfed, 'Half')) === 'eu:firing us:firing';
  }, 'both alerts');
  t.strictSame([...seen], [''], 'no rule misses the results of an earlier one');
  const exported = await untilFound(async () => {
    const response = await fetch(`${receiver.url}/api/v1/export?match[]={__name__=~".*up:.*"}`);
    const lines = (await response.text()).split('\n').filter((line) => line !== '');
    return lines.length < 5 ? undefined : lines;
  }, 'the recorded series');
  const series = exported.map((line) => JSON.parse(line) as { values: number[]; timestamps: number[] });
  t.equal(series.length, 5);
  t.equal(
    new Set(series.map(({ timestamps }) => timestamps[0])).size,
    1,
    'all begin at the first evaluation',
  );
  const metrics = await (await fetch(`${promfed.url}metrics`)).text();
  t.match(metrics, /^promfed_rule_group_chained_series\{rule_group=".*;chain"\} 5$/m);
});

t.test('another worker evaluates the rules when the one that does is killed', { skip }, async (t) => {
  const regions = await startRegions(t);
  const config = writeFiles(
    'failover',
    regions,
    'groups:\n- name: g\n  rules:\n  - { alert: TargetDown, expr: up == 0 }\n',
  );
  const promfed = await startPromfedProcess(t, `--config=${config}`, '--workers=2');
  await until(async () => (await statesOf(promfed, 'TargetDown')) === 'eu:firing us:firing', 'both alerts');
  const workers = (): number[] => {
    const { pid } = promfed.child;
    return readFileSync(`/proc/${pid!}/task/${pid!}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  };
  for (const [i, pid] of workers().entries()) {
    process.kill(pid, 'SIGKILL');
    await until(() => promfed.output().split('worker is ready').length === i + 2, 'a new worker');
    await until(
      async () => (await statesOf(promfed, 'TargetDown')) === 'eu:firing us:firing',
      'the alerts again',
    );
  }
});

t.test('a reload with an invalid rule file is reported and keeps the rules', { skip }, async (t) => {
  const regions = await startRegions(t);
  const rules = 'groups:\n- name: g\n  rules:\n  - { alert: TargetDown, expr: up == 0 }\n';
  const config = writeFiles('reload', regions, rules);
  const promfed = await startPromfedProcess(t, `--config=${config}`, '--workers=1', '--web.enable-lifecycle');
  await until(async () => (await statesOf(promfed, 'TargetDown')) === 'eu:firing us:firing', 'both alerts');
  writeFileSync(join(folder, 'reload.rules.yaml'), rules.replace('up == 0', 'sum(up'));
  const failed = await fetch(`${promfed.url}-/reload`, { method: 'POST' });
  t.equal(failed.status, 500);
  t.match(await failed.text(), /reload\.rules\.yaml:4:\d+: .*unclosed left parenthesis/);
  t.equal(await statesOf(promfed, 'TargetDown'), 'eu:firing us:firing');
  writeFileSync(join(folder, 'reload.rules.yaml'), rules.replace('TargetDown', 'Renamed'));
  t.equal((await fetch(`${promfed.url}-/reload`, { method: 'POST' })).status, 200);
  await until(async () => (await statesOf(promfed, 'Renamed')) === 'eu:firing us:firing', 'the new rule');
  t.equal(await statesOf(promfed, 'TargetDown'), '');
});
