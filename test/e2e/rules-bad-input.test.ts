// Bad input of rules in one process: each fault is reported, and affects nothing else.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import t from 'tap';

import { peakRssBytesOf } from '../helpers/process-memory.js';
import { buildPromfed, startPromfedProcess, type PromfedProcess } from '../helpers/promfed/process.js';
import {
  answersWith,
  refuses,
  startFaultServer,
  staysSilent,
  type Fault,
  type FaultServer,
} from '../helpers/upstreams/fault-server.js';
import type { Teardown } from '../helpers/real-servers/server-process.js';
import { until, untilFound } from '../helpers/until.js';

const folder = mkdtempSync(join(tmpdir(), 'promfed-bad-input-'));
t.teardown(() => {
  rmSync(folder, { recursive: true, force: true });
});
t.before(buildPromfed);

const MEGABYTE = 1 << 20;
/** Almost a megabyte. */
const LARGE = MEGABYTE - 1_000;
const MILLION = 1_000_000;
/** Bound on the memory of the process: `--memory` and what the heap needs beyond it. */
const MAX_RESIDENT_BYTES = 1_400 * MEGABYTE;

const GOOD = `
- name: good
  rules:
  - { alert: Good, expr: up == 0, annotations: { text: '{{ $value }}' } }
  - { record: 'good:up', expr: up }
`;

const MANY = `
- name: million
  interval: 4s
  rules:
  - { record: 'million:copy', expr: million }
  - { alert: Million, expr: million > 0 }
`;

const BAD = `
- name: bad
  rules:
  - { alert: Huge, expr: huge }
  - { alert: Large, expr: large }
  - alert: Endless
    expr: up == 0
    labels: { looped: '{{ define "a" }}{{ template "a" }}{{ end }}{{ template "a" }}' }
    annotations: { long: '{{ printf "%2000000d" 1 }}' }
  - { alert: Same, expr: up == 0, labels: { job: same } }
  - { record: twice, expr: 'up{job="a"}' }
  - { record: twice, expr: 'up{job="a"}' }
`;

/** A region with two series of `up`, one with a label of a megabyte, and a metric of a million series. */
const region: Fault = (response, socket, request) => {
  const { form } = request;
  const query = form.get('query') ?? '';
  // Each expression is sent alone then.
  if (query.includes('__promfed_position__')) {
    refuses(422, 'execution', 'joined expressions')(response, socket, request);
    return;
  }
  response.writeHead(200, { 'content-type': 'application/json' });
  response.write('{"status":"success","data":{"resultType":"vector","result":[');
  const end = ']}}';
  const time = form.get('time')!;
  const sample = (labels: Readonly<Record<string, string>>, value: string): string =>
    `{"metric":${JSON.stringify(labels)},"value":[${time},"${value}"]}`;
  if (query.startsWith('million')) {
    let i = 0;
    const more = (): void => {
      while (i < MILLION && !response.destroyed) {
        let block = '';
        for (const last = Math.min(i + 1_000, MILLION); i < last; i++) {
          block += `${i === 0 ? '' : ','}{"metric":{"__name__":"million","series":"${i}"},"value":[${time},"1"]}`;
        }
        if (!response.write(block)) return void response.once('drain', more);
      }
      response.end(end);
    };
    more();
    return;
  }
  const up = ['a', 'b'].map((job) => sample({ __name__: 'up', job }, '0'));
  const big = (metric: string, length: number): string =>
    sample({ __name__: metric, big: 'x'.repeat(length) }, '1') + end;
  if (query.includes('huge')) response.end(big('huge', MEGABYTE));
  else if (query.includes('large')) response.end(big('large', LARGE));
  else if (query === 'up{job="a"}') response.end(up[0]! + end);
  else if (query.startsWith('up')) response.end(up.join() + end);
  else response.end(end);
};

async function serve(t: Teardown, fault: Fault): Promise<FaultServer> {
  const server = await startFaultServer(fault);
  t.teardown(() => server.close());
  return server;
}

interface ApiRule {
  readonly name: string;
  readonly health: string;
  readonly lastError?: string;
  readonly alerts?: readonly {
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
    readonly state: string;
  }[];
}

async function rulesOf({ url }: PromfedProcess): Promise<readonly ApiRule[]> {
  const { data } = (await (await fetch(`${url}api/v1/rules`)).json()) as {
    readonly data: { readonly groups: readonly { readonly rules: readonly ApiRule[] }[] };
  };
  return data.groups.flatMap(({ rules }) => rules);
}

/** Returns the sum of the samples of a metric whose labels contain a text. */
async function metricOf({ url }: PromfedProcess, name: string, labels = ''): Promise<number> {
  const text = await (await fetch(`${url}metrics`)).text();
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .filter((line) => line.includes(labels))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

interface Setup {
  readonly promfed: PromfedProcess;
  /** An Alertmanager that never answers. */
  readonly hanging: FaultServer;
  readonly alertmanager: FaultServer;
  /** A remote write receiver that accepts everything; another one answers 400. */
  readonly receiver: FaultServer;
}

const RULES = join(folder, 'rules.yaml');

function writeRules(groups: string): void {
  writeFileSync(RULES, `groups:${groups}`);
}

async function start(t: Teardown): Promise<Setup> {
  const source = await serve(t, region);
  const hanging = await serve(t, staysSilent);
  const alertmanager = await serve(t, answersWith(200, {}, ''));
  const refusing = await serve(t, answersWith(400, {}, 'bad samples'));
  const receiver = await serve(t, answersWith(204, {}, ''));
  const remoteWrite = (name: string, { target }: FaultServer): object => ({
    name,
    url: `http://${target}/write`,
    queue_config: { batch_send_deadline: '100ms' },
  });
  const alertmanagers = [
    { timeout: '1s', static_configs: [{ targets: [hanging.target] }] },
    { timeout: '60s', static_configs: [{ targets: [alertmanager.target] }] },
  ];
  const group = { name: 'eu', labels: { region: 'eu' }, static_configs: [{ targets: [source.target] }] };
  const config = join(folder, 'config.yaml');
  writeRules(MANY + BAD + GOOD);
  writeFileSync(
    config,
    JSON.stringify({
      global: { evaluation_interval: '1s' },
      rule_files: ['rules.yaml'],
      alerting: { alertmanagers },
      remote_write: [remoteWrite('refusing', refusing), remoteWrite('receiving', receiver)],
      promxy: { server_groups: [group] },
    }),
  );
  const promfed = await startPromfedProcess(
    t,
    `--config=${config}`,
    '--workers=1',
    '--memory=1GiB',
    '--web.enable-lifecycle',
    '--rules.alert.resend-delay=1s',
  );
  return { promfed, hanging, alertmanager, receiver };
}

t.test('each fault is reported, and affects nothing else', async (t) => {
  const { promfed, hanging, alertmanager, receiver } = await start(t);
  const found = await untilFound(async () => {
    const all = await rulesOf(promfed);
    return all.every(({ health }) => health !== 'unknown') ? all : undefined;
  }, 'the evaluation of all rules');
  const rule = (name: string): ApiRule => found.find((one) => one.name === name)!;

  await t.test('a rule that yields a million series fails', async (t) => {
    for (const name of ['million:copy', 'Million']) {
      t.equal(rule(name).health, 'err', name);
      t.match(rule(name).lastError, /limit|memory/, name);
    }
    t.match(promfed.output(), /"rule":"million:copy".*"msg":"rule evaluation failed"/);
    t.ok((await metricOf(promfed, 'prometheus_rule_evaluation_failures_total', ';million')) >= 2);
  });

  await t.test('the other group is evaluated all the time', async (t) => {
    t.equal(rule('Good').alerts?.length, 2);
    t.equal(rule('good:up').health, 'ok');
    const evaluations = (): Promise<number> =>
      metricOf(promfed, 'prometheus_rule_evaluations_total', ';good');
    const before = await evaluations();
    await until(async () => (await evaluations()) > before + 2, 'more evaluations');
    t.equal(await metricOf(promfed, 'prometheus_rule_evaluation_failures_total', ';good'), 0);
    const peakBytes = peakRssBytesOf(promfed.child.pid!);
    t.comment(`at most ${Math.round(peakBytes / MEGABYTE)} MiB resident`);
    t.ok(peakBytes < MAX_RESIDENT_BYTES, `${peakBytes} bytes`);
  });

  writeRules(BAD + GOOD);
  t.equal((await fetch(`${promfed.url}-/reload`, { method: 'POST' })).status, 200);

  await t.test('equal label sets after labels are set fail the rule', async (t) => {
    t.match(rule('Same').lastError, /same labelset after applying alert labels/);
  });

  await t.test('a label value of a megabyte fails the rule, a shorter one does not', async (t) => {
    t.match(rule('Huge').lastError, /server group "eu": .*the labels of a series exceed 1048576 bytes/);
    t.equal(rule('Large').health, 'ok');
    t.equal(rule('Large').alerts?.[0]?.labels['big']?.length, LARGE);
    await until(() => alertmanager.requests.some(({ body }) => body.length > LARGE), 'the large alert');
  });

  await t.test(
    'a template that loops or is too long is the error text, and a warning in the log',
    async (t) => {
      const { health, alerts = [] } = rule('Endless');
      t.equal(health, 'ok');
      t.equal(alerts.length, 2);
      t.match(alerts[0]!.labels['looped'], /^<error expanding template: .*exceed/);
      t.match(alerts[0]!.annotations['long'], /^<error expanding template: .*limit/);
      t.match(promfed.output(), /"alert":"Endless","name":"looped".*"msg":"alert template not expanded"/);
    },
  );

  await t.test('an Alertmanager that hangs, and its neighbor', async (t) => {
    await until(
      () => alertmanager.requests.some(({ body }) => body.includes('"Good"') && body.includes('"b"')),
      'the alert in the other Alertmanager',
    );
    await until(() => promfed.output().includes('sending alerts failed'), 'a warning');
    const errors = 'prometheus_notifications_errors_total';
    await until(async () => (await metricOf(promfed, errors, hanging.target)) > 0, 'the metric');
    t.equal(await metricOf(promfed, errors, alertmanager.target), 0);
  });

  await t.test('a receiver that answers 400, and its neighbor', async (t) => {
    await until(() => promfed.output().includes('remote write receiver refused samples'), 'a warning');
    t.match(promfed.output(), /"remote_name":"refusing".*bad samples/);
    const failed = 'prometheus_remote_storage_samples_failed_total';
    await until(async () => (await metricOf(promfed, failed, 'refusing')) > 0, 'the metric');
    t.equal(await metricOf(promfed, failed, 'receiving'), 0);
    t.ok(receiver.requests.length > 0);
  });

  for (const { name, text, error } of [
    { name: 'broken YAML', text: 'groups:\n- name: [', error: /rules\.yaml:2:\d+: / },
    {
      name: 'a bad expression',
      text: `groups:${GOOD.replace('expr: up }', 'expr: sum(up }')}`,
      error: /rules\.yaml:5:\d+: .*unclosed left parenthesis/,
    },
    {
      name: 'a group twice',
      text: `groups:${GOOD}${GOOD}`,
      error: /rules\.yaml:\d+:\d+: groupname: "good" is repeated in the same file/,
    },
    {
      name: 'a broken template',
      text: `groups:${GOOD.replace('{{ $value }}', '{{ $value')}`,
      error: /rules\.yaml:4:\d+: .*unclosed action/,
    },
  ]) {
    await t.test(`${name} is the answer of a reload, and the rules continue`, async (t) => {
      writeFileSync(RULES, text);
      const reload = await fetch(`${promfed.url}-/reload`, { method: 'POST' });
      t.equal(reload.status, 500);
      t.match(await reload.text(), error);
      t.equal(await metricOf(promfed, 'prometheus_config_last_reload_successful'), 0);
      t.match(promfed.output(), /configuration not loaded/);
      const before = await metricOf(promfed, 'prometheus_rule_evaluations_total', ';good');
      await until(
        async () => (await metricOf(promfed, 'prometheus_rule_evaluations_total', ';good')) > before,
        'the next evaluation',
      );
    });
  }

  await t.test('duplicate rules are a warning', async (t) => {
    writeRules(GOOD + BAD);
    t.equal((await fetch(`${promfed.url}-/reload`, { method: 'POST' })).status, 200);
    t.match(promfed.output(), /duplicate rule .*twice/);
  });
});
