// Rules of a promfed process while a real region is killed, and while promfed itself is killed.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import t from 'tap';

import { buildPromfed, startPromfedProcess, type PromfedProcess } from '../helpers/promfed/process.js';
import {
  importIntoVictoriaMetrics,
  startPrometheus,
  startVictoriaMetrics,
  withoutRealServers,
  type RealServer,
  type Teardown,
} from '../helpers/real-servers/real-servers.js';
import {
  answersWith,
  startFaultServer,
  type FaultServer,
  type ReceivedRequest,
} from '../helpers/upstreams/fault-server.js';
import { until, untilFound } from '../helpers/until.js';

/** Two minutes with PROMFED_RUNS; otherwise as many intervals as two minutes have with an interval of 15 s. */
const OUTAGE_SECONDS = process.env['PROMFED_RUNS'] === undefined ? 8 : 120;

const skip = withoutRealServers();
const folder = mkdtempSync(join(tmpdir(), 'promfed-outage-'));
t.teardown(() => {
  rmSync(folder, { recursive: true, force: true });
});
t.before(buildPromfed);

/** Starts regions with `up` of a job each, from five minutes ago until in one hour. */
async function startRegions(t: Teardown): Promise<readonly RealServer[]> {
  const startMs = Date.now() - 5 * 60_000;
  const timestamps = Array.from({ length: 261 }, (_, i) => startMs + i * 15_000);
  return Promise.all(
    ['eu', 'us'].map(async (region) => {
      const server = await startVictoriaMetrics(t);
      const labels = { __name__: 'up', job: `job-${region}` };
      await importIntoVictoriaMetrics(server.url, [{ labels, timestamps, values: timestamps.map(() => 0) }]);
      // Writes the samples to disk.
      await server.stop();
      await server.restart();
      return server;
    }),
  );
}

function serverGroups(regions: readonly RealServer[]): object[] {
  return regions.map(({ url }, i) => ({
    name: ['eu', 'us'][i],
    labels: { region: ['eu', 'us'][i] },
    static_configs: [{ targets: [new URL(url).host] }],
    ignore_error: true,
    http_client: { dial_timeout: '5s' },
  }));
}

interface ApiRule {
  readonly name: string;
  readonly lastError?: string;
  readonly lastEvaluation: string;
  readonly missingServerGroups?: readonly string[];
  readonly alerts?: readonly {
    readonly state: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly activeAt: string;
  }[];
}

async function rulesOf({ url }: PromfedProcess): Promise<readonly ApiRule[]> {
  const { data } = (await (await fetch(`${url}api/v1/rules`)).json()) as {
    readonly data: { readonly groups: readonly { readonly rules: readonly ApiRule[] }[] };
  };
  return data.groups.flatMap(({ rules }) => rules);
}

/** Returns the alerts of each rule by region, for example `eu:firing us:firing`, with the times at which they became active. */
async function statesOf(promfed: PromfedProcess): Promise<Readonly<Record<string, string>>> {
  const rules = await rulesOf(promfed);
  return Object.fromEntries(
    rules.map(({ name, alerts = [] }) => [
      name,
      alerts
        .map(({ state, labels, activeAt }) => `${labels['region'] ?? '-'}:${state}@${activeAt}`)
        .sort()
        .join(' '),
    ]),
  );
}

async function partialEvaluations({ url }: PromfedProcess, group: string): Promise<number> {
  const text = await (await fetch(`${url}metrics`)).text();
  const metric = 'promfed_rule_group_partial_evaluations_total';
  return Number(new RegExp(`${metric}\\{rule_group=".*;${group}"\\} (.*)`).exec(text)?.[1]);
}

const STRATEGIES = ['hold', 'warn', 'abort'] as const;

const groupOf = (strategy: string): object => ({
  name: strategy,
  partial_response_strategy: strategy,
  rules: [
    { alert: `firing-${strategy}`, expr: 'up == 0' },
    { alert: `pending-${strategy}`, expr: 'up == 0', for: '1h' },
    // Elapses during the outage.
    { alert: `due-${strategy}`, expr: 'up == 0', for: `${OUTAGE_SECONDS / 2 + 4}s` },
    { alert: `absent-${strategy}`, expr: 'absent(up{job="job-eu"})' },
    { alert: `count-${strategy}`, expr: 'count(up) < 2' },
  ],
});

interface SentAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly endsAt: string;
}

/** Names and regions of the alerts that were sent as resolved: those that do not last for minutes. */
function resolved({ requests }: FaultServer, startMs: number): string[] {
  const sent = requests.flatMap(({ body }: ReceivedRequest) => JSON.parse(body) as SentAlert[]);
  return sent
    .filter(({ endsAt }) => Date.parse(endsAt) < startMs + 180_000)
    .map(({ labels }) => `${labels['alertname']!} ${labels['region'] ?? '-'}`);
}

t.test('a region is killed while alerts fire, pend and watch for absence', { skip }, async (t) => {
  const [eu, us] = await startRegions(t);
  const alertmanager = await startFaultServer(answersWith(200, {}, ''));
  t.teardown(() => alertmanager.close());
  writeFileSync(join(folder, 'rules.yaml'), JSON.stringify({ groups: STRATEGIES.map(groupOf) }));
  const config = join(folder, 'config.yaml');
  writeFileSync(
    config,
    JSON.stringify({
      global: { evaluation_interval: '1s' },
      rule_files: ['rules.yaml'],
      alerting: { alertmanagers: [{ static_configs: [{ targets: [alertmanager.target] }] }] },
      promxy: { server_groups: serverGroups([eu!, us!]) },
    }),
  );
  const promfed = await startPromfedProcess(t, `--config=${config}`, '--workers=1');
  const before = await untilFound(async () => {
    const states = await statesOf(promfed);
    const hasAll = STRATEGIES.every((one) => /eu:firing.*us:firing/.test(states[`firing-${one}`] ?? ''));
    return hasAll ? states : undefined;
  }, 'all alerts');

  await eu!.kill();
  const killedAtMs = Date.now();
  await until(async () => (await statesOf(promfed))['absent-warn'] !== '', 'absent() to fire with `warn`');
  await until(
    async () =>
      /partial result.*eu/.test(
        (await rulesOf(promfed)).find(({ name }) => name === 'firing-abort')?.lastError ?? '',
      ),
    'a failure with `abort`',
  );
  while (Date.now() < killedAtMs + OUTAGE_SECONDS * 1000) {
    const states = await statesOf(promfed);
    for (const name of ['firing-hold', 'pending-hold', 'absent-hold', 'count-hold']) {
      t.equal(states[name], before[name], `${name} is as before`);
    }
    t.match(states['due-hold'], /eu:pending/, 'does not fire without the region');
    for (const name of ['firing', 'pending', 'absent', 'count'].map((one) => `${one}-abort`)) {
      t.equal(states[name], before[name], `${name} is as before`);
    }
    t.notMatch(states['firing-warn'], /eu/);
    await sleep(500);
  }
  const whileDown = await statesOf(promfed);
  t.match(whileDown['due-hold'], /us:firing/, 'the other region goes on');
  const sentAsResolved = new Set(resolved(alertmanager, killedAtMs));
  t.strictSame([...sentAsResolved], ['firing-warn eu'], 'nothing else is sent as resolved');

  await eu!.restart();
  const partialBefore = await partialEvaluations(promfed, 'hold');
  const after = await untilFound(async () => {
    const states = await statesOf(promfed);
    return /eu:firing.*us:firing/.test(states['due-hold'] ?? '') ? states : undefined;
  }, 'the alert that was due');
  t.ok((await partialEvaluations(promfed, 'hold')) <= partialBefore + 1, 'within two intervals');
  for (const name of ['firing-hold', 'pending-hold', 'absent-hold', 'count-hold']) {
    t.equal(after[name], before[name], `${name} is as before`);
  }
  t.equal(after['due-hold'], before['due-hold']!.replaceAll('pending', 'firing'), 'no pending time is lost');
  await until(async () => {
    const rules = await rulesOf(promfed);
    return rules.every(
      ({ lastError = '', missingServerGroups = [] }) => lastError === '' && missingServerGroups.length === 0,
    );
  }, 'the other groups');
  const recovered = await statesOf(promfed);
  t.equal(recovered['firing-abort'], before['firing-abort']);
  t.match(recovered['firing-warn'], /eu:firing.*us:firing/);
  t.equal(recovered['absent-warn'], '');
});

/** Returns the time of the last sample of the alert in a server, and its value: the time since which it is active. */
async function storedState(
  url: string,
): Promise<{ readonly writtenAtMs: number; readonly activeAtMs: number }> {
  const read = async (query: string): Promise<number> => {
    const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(query)}`);
    const { data } = (await response.json()) as { data: { result: { value: [number, string] }[] } };
    return Number(data.result[0]?.value[1] ?? NaN) * 1000;
  };
  const selector = 'ALERTS_FOR_STATE{alertname="Pending"}';
  const [writtenAtMs, activeAtMs] = await Promise.all([read(`timestamp(${selector})`), read(selector)]);
  return { writtenAtMs, activeAtMs };
}

for (const { name, deadline, args } of [
  { name: 'samples are sent at once', deadline: '10ms', args: [] },
  {
    name: 'samples wait on disk',
    deadline: '1h',
    args: ['--storage.path=STORAGE'],
  },
]) {
  t.test(`kill -9 during \`for\` loses at most one interval: ${name}`, { skip }, async (t) => {
    const source = await startPrometheus(t, { scrape: [{ job: 'self', targets: ['self'] }] });
    const results = await startPrometheus(t);
    const directory = mkdtempSync(join(folder, 'kill-'));
    const rules = [{ alert: 'Pending', expr: 'up == 1', for: '1h' }];
    writeFileSync(join(directory, 'rules.yaml'), JSON.stringify({ groups: [{ name: 'g', rules }] }));
    const config = join(directory, 'config.yaml');
    const remoteWrite = (batch_send_deadline: string): object => ({
      url: `${results.url}/api/v1/write`,
      queue_config: { batch_send_deadline },
    });
    const writeConfig = (batchSendDeadline: string): void => {
      writeFileSync(
        config,
        JSON.stringify({
          global: { evaluation_interval: '1s' },
          rule_files: ['rules.yaml'],
          rules: { restore_from: { url: results.url } },
          remote_write: [remoteWrite(batchSendDeadline)],
          promxy: {
            server_groups: [{ name: 'eu', static_configs: [{ targets: [new URL(source.url).host] }] }],
          },
        }),
      );
    };
    const start = (): Promise<PromfedProcess> =>
      startPromfedProcess(
        t,
        `--config=${config}`,
        '--workers=1',
        '--rules.alert.for-grace-period=1s',
        ...args.map((arg) => arg.replace('STORAGE', join(directory, 'storage'))),
      );
    writeConfig(deadline);
    const first = await start();
    const ruleOf = async (promfed: PromfedProcess): Promise<ApiRule | undefined> =>
      (await rulesOf(promfed))[0];
    const activeAtMs = async (promfed: PromfedProcess): Promise<number> =>
      Date.parse((await ruleOf(promfed))?.alerts?.[0]?.activeAt ?? '');
    await until(async () => Date.now() - (await activeAtMs(first)) > 3_000, 'a pending alert');
    const activeBeforeMs = await activeAtMs(first);
    const evaluatedAtMs = Date.parse((await ruleOf(first))!.lastEvaluation);
    if (args.length === 0) {
      await until(
        async () => (await storedState(results.url)).writtenAtMs > evaluatedAtMs - 1_000,
        'the last sample',
      );
    } else {
      t.ok(Number.isNaN((await storedState(results.url)).writtenAtMs), 'nothing was sent');
    }
    first.child.kill('SIGKILL');
    await first.ended;
    await sleep(1_500);

    // Samples of the first process are sent at once, those of the second one later.
    writeConfig('10ms');
    const second = await start();
    await until(async () => {
      const metrics = await (await fetch(`${second.url}metrics`)).text();
      return metrics.includes('prometheus_rule_group_last_restore_duration_seconds{');
    }, 'the restore');
    const restoredMs = await activeAtMs(second);
    const spentMs = Date.now() - restoredMs;
    t.ok(
      spentMs >= evaluatedAtMs - activeBeforeMs - 2_000,
      `${spentMs} ms of pending time after the restart`,
    );
    t.ok(restoredMs >= activeBeforeMs - 1_000, 'the outage does not count');
  });
}
