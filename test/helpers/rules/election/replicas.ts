// Replicas of promfed that share rule groups: real processes with a real store, a real Alertmanager, and a real Prometheus
// that stores the state of alerts.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startPromfedProcess, type PromfedProcess } from '../../promfed/process.js';
import { startAlertmanager, startPrometheus, type RealServer } from '../../real-servers/real-servers.js';
import { until } from '../../until.js';
import { startAlertLog, type AlertLog } from './alert-log.js';

/** The part of tap's test object that is used. */
interface Test {
  teardown(handler: () => void | Promise<void>): void;
}

export const GROUPS = ['g0', 'g1', 'g2', 'g3', 'g4', 'g5'];

/** Firing alerts are sent again after this time, and end four times later unless they are. */
const RESEND_MS = 2_000;
const VALID_MS = 4 * RESEND_MS;

/**
 * Each group has an alert that always fires, one that has to pend for three seconds before, and one that fires every other
 * ten seconds, which depends on the time of the evaluation only.
 */
const RULES = GROUPS.map(
  (group) => `- name: ${group}
  labels: { group: ${group} }
  rules:
  - { alert: Always, expr: vector(1) }
  - { alert: Pended, expr: vector(1), for: 3s }
  - { alert: Toggled, expr: vector(time() % 20) < 10 }
`,
).join('');

export interface Backends {
  readonly folder: string;
  readonly prometheus: RealServer;
  readonly alertmanager: RealServer;
  readonly log: AlertLog;
}

export async function startBackends(t: Test): Promise<Backends> {
  const folder = mkdtempSync(join(tmpdir(), 'promfed-election-'));
  t.teardown(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  writeFileSync(join(folder, 'rules.yaml'), `groups:\n${RULES}`);
  const [prometheus, alertmanager, log] = await Promise.all([
    startPrometheus(t),
    startAlertmanager(t),
    startAlertLog(t),
  ]);
  return { folder, prometheus, alertmanager, log };
}

/** @param election the section `rules.election`. */
export function startReplica(
  t: Test,
  name: string,
  { folder, prometheus, alertmanager, log }: Backends,
  election: object,
): Promise<PromfedProcess> {
  const config = {
    global: { evaluation_interval: '1s' },
    rule_files: ['rules.yaml'],
    rules: { election },
    alerting: {
      alertmanagers: [
        { path_prefix: `/${name}`, static_configs: [{ targets: [log.target] }] },
        { static_configs: [{ targets: [new URL(alertmanager.url).host] }] },
      ],
    },
    remote_write: [{ url: `${prometheus.url}/api/v1/write`, queue_config: { batch_send_deadline: '100ms' } }],
    promxy: {
      server_groups: [
        {
          name: 'region',
          static_configs: [{ targets: [new URL(prometheus.url).host] }],
          http_client: { dial_timeout: '5s' },
        },
      ],
    },
  };
  const path = join(folder, `${name}.yaml`);
  writeFileSync(path, JSON.stringify(config));
  return startPromfedProcess(
    t,
    `--config=${path}`,
    '--workers=1',
    `--rules.alert.resend-delay=${RESEND_MS}ms`,
    '--rules.alert.for-grace-period=10m',
  );
}

interface GroupState {
  readonly name: string;
  readonly evaluatedBy: string;
  readonly rules: readonly {
    readonly name: string;
    readonly health: string;
    readonly alerts: readonly { readonly state: string; readonly activeAt: string }[];
  }[];
}

export async function groupsOf({ url }: PromfedProcess): Promise<readonly GroupState[]> {
  const response = await fetch(`${url}api/v1/rules`);
  const { data } = (await response.json()) as { readonly data: { readonly groups: readonly GroupState[] } };
  return data.groups;
}

/** Returns the number of groups that a replica evaluates: those with a result. */
export async function evaluatedCount(replica: PromfedProcess): Promise<number> {
  const groups = await groupsOf(replica);
  return groups.filter(({ rules }) => rules.every(({ health }) => health === 'ok')).length;
}

/** Resolves when the replicas together evaluate every group. */
export async function untilShared(replicas: readonly PromfedProcess[], isEven = true): Promise<void> {
  await until(async () => {
    const counts = await Promise.all(replicas.map(evaluatedCount));
    const sum = counts.reduce((total, count) => total + count, 0);
    return sum === GROUPS.length && (!isEven || Math.max(...counts) - Math.min(...counts) <= 1);
  }, `${replicas.length} replicas to share the groups`);
}

/** Resolves when the alerts that always fire have been sent by a replica since then, for every group. */
export async function untilSent(
  log: AlertLog,
  replicaNames: readonly string[],
  sinceMs: number,
): Promise<void> {
  const isSent = (name: string, group: string): boolean =>
    log.alerts.some(
      (alert) =>
        alert.arrivedAtMs >= sinceMs &&
        replicaNames.includes(alert.replica) &&
        alert.name === name &&
        alert.group === group &&
        alert.isFiring,
    );
  await until(
    () => GROUPS.every((group) => isSent('Always', group) && isSent('Pended', group)),
    `alerts of ${replicaNames.join(' and ')}`,
  );
}

/** Returns the alerts that a real Alertmanager has as firing: name, group and start. */
export async function firingAt({ url }: RealServer): Promise<readonly string[]> {
  const response = await fetch(`${url}/api/v2/alerts`);
  const alerts = (await response.json()) as {
    readonly labels: Readonly<Record<string, string>>;
    readonly startsAt: string;
  }[];
  return alerts
    .filter(({ labels }) => labels['alertname'] !== 'Toggled')
    .map(({ labels, startsAt }) => `${labels['alertname']!} ${labels['group']!} since ${startsAt}`)
    .sort();
}

/**
 * Returns what the log must not contain: an alert that always fires and is sent as resolved, an evaluation that two replicas
 * sent, a replica that sends an older evaluation than another one has sent before, and a state that is not the one of its time.
 */
export function problemsOf({ alerts }: AlertLog): string[] {
  const problems: string[] = [];
  const latest = new Map<string, { readonly replica: string; readonly slotMs: number }>();
  for (const alert of alerts) {
    const { replica, key, name, isFiring, endsAtMs } = alert;
    const describe = (text: string): number =>
      problems.push(`${text}: ${key} by ${replica} at ${new Date(alert.arrivedAtMs).toISOString()}`);
    // The end of a resolved alert is the evaluation that resolved it.
    const slotMs = isFiring ? endsAtMs - VALID_MS : endsAtMs;
    if (name !== 'Toggled' && !isFiring) describe('resolved');
    if (name === 'Toggled' && isFiring !== (slotMs / 1000) % 20 < 10) describe('wrong state');
    if (!isFiring) continue;
    const before = latest.get(key);
    if (before !== undefined && before.replica !== replica && slotMs <= before.slotMs) {
      describe(slotMs === before.slotMs ? 'sent twice' : 'late');
    }
    if (before === undefined || slotMs >= before.slotMs) latest.set(key, { replica, slotMs });
  }
  return problems;
}
