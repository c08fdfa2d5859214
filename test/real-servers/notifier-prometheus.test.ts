// The notifier beside a real Prometheus with the same settings: equal requests and equal lists of Alertmanagers.

import t from 'tap';

import type { AlertmanagerSettings } from '../../src/config/index.js';
import { DEFAULT_RELABEL, Labels, type RelabelSettings } from '../../src/model/index.js';
import { createNotifier } from '../../src/rules/notify/index.js';
import { createTimers, NO_LOG, systemClock } from '../../src/runtime/index.js';
import { startPrometheus, withoutRealServers } from '../helpers/real-servers/real-servers.js';
import { until, untilFound } from '../helpers/until.js';
import { answersWith, startFaultServer, type FaultServer } from '../helpers/upstreams/fault-server.js';
import { alertmanagerSettings } from '../rules/notify/settings.js';

const skip = withoutRealServers();

/**
 * One entry of `alerting.alertmanagers` for both. It has no `alert_relabel_configs`: before Prometheus 3.7, those of one
 * Alertmanager change the alerts of others (https://github.com/prometheus/prometheus/issues/17063).
 */
interface Entry {
  readonly pathPrefix?: string;
  readonly targets: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly relabel?: readonly Partial<RelabelSettings>[];
}

interface PostedAlert {
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly generatorURL: string;
}

function ruleYaml(rule: Partial<RelabelSettings>): object {
  const keys = {
    action: rule.action,
    source_labels: rule.sourceLabels,
    regex: rule.regex,
    target_label: rule.targetLabel,
    replacement: rule.replacement,
  };
  return Object.fromEntries(Object.entries(keys).filter(([, value]) => value !== undefined));
}

function entryYaml({ pathPrefix, targets, labels, relabel = [] }: Entry): object {
  return {
    ...(pathPrefix === undefined ? {} : { path_prefix: pathPrefix }),
    static_configs: [{ targets, ...(labels && { labels }) }],
    relabel_configs: relabel.map(ruleYaml),
  };
}

const rulesOf = (rules: readonly Partial<RelabelSettings>[] = []): RelabelSettings[] =>
  rules.map((rule) => ({ ...DEFAULT_RELABEL, ...rule }));

function settingsOf({ pathPrefix = '', targets, labels = {}, relabel }: Entry): AlertmanagerSettings {
  return alertmanagerSettings([], {
    pathPrefix,
    targets: targets.map((address) => ({ address, labels: Labels.from(labels) })),
    relabel: rulesOf(relabel),
  });
}

const isPrometheus = ({ headers }: FaultServer['requests'][number]): boolean =>
  headers['user-agent']?.startsWith('Prometheus/') === true;

/** The latest alerts of each path, by label set: `PATH {labels}` and the other members. */
function lastAlerts(server: FaultServer, ofPrometheus: boolean): Map<string, PostedAlert> {
  const alerts = new Map<string, PostedAlert>();
  for (const request of server.requests) {
    if (isPrometheus(request) !== ofPrometheus) continue;
    for (const posted of JSON.parse(request.body) as PostedAlert[]) {
      const labels = JSON.stringify(Object.entries(posted.labels).sort());
      alerts.set(`${request.path} ${labels}`, posted);
    }
  }
  return alerts;
}

t.test('a real Prometheus sends the same alerts to the same Alertmanagers', { skip }, async (t) => {
  const server = await startFaultServer(answersWith(200, {}, ''));
  t.teardown(() => server.close());
  const port = server.target.split(':')[1]!;
  const externalLabels = { source: 'external', region: 'eu', severity: 'external' };
  const relabel: Partial<RelabelSettings>[] = [
    { sourceLabels: ['region'], regex: '(.*)', targetLabel: 'zone', replacement: '$1-1' },
    { action: 'drop', sourceLabels: ['alertname'], regex: 'Dropped' },
    { action: 'labeldrop', regex: 'source' },
    { action: 'labelmap', regex: 'zo(.*)', replacement: 'mapped_$1' },
  ];
  const entries: Entry[] = [
    { targets: [server.target] },
    { targets: [server.target, `localhost:${port}`], pathPrefix: '/a b/ü%/(x)' },
    { targets: [server.target], labels: { __alerts_path__: '/from/label', team: 'x' } },
    {
      targets: ['unknown:1', 'dropped:2'],
      pathPrefix: '/relabeled',
      labels: { port },
      relabel: [
        { action: 'drop', sourceLabels: ['__address__'], regex: 'dropped:2' },
        { sourceLabels: ['port'], targetLabel: '__address__', replacement: '127.0.0.1:$1' },
        {
          sourceLabels: ['__alerts_path__'],
          regex: '(.*)',
          targetLabel: '__alerts_path__',
          replacement: '$1/x?y#z',
        },
      ],
    },
  ];
  const rules = ['A', 'B', 'Dropped'].map((name) => ({
    alert: name,
    expr: 'vector(1)',
    labels: { severity: 'page', 'utf-8.ü': name },
    annotations: { summary: `${name} is "✓"\n`, empty: '' },
  }));
  const prometheus = await startPrometheus(t, {
    rules: [JSON.stringify({ groups: [{ name: 'g', interval: '1s', rules }] })],
    externalLabels,
    // The first alerts may be sent before the targets are known.
    args: ['--rules.alert.resend-delay=1s'],
    alerting: { alert_relabel_configs: relabel.map(ruleYaml), alertmanagers: entries.map(entryYaml) },
  });

  const notifier = createNotifier(
    { relabel: rulesOf(relabel), alertmanagers: entries.map(settingsOf) },
    {
      externalLabels: Labels.from(externalLabels),
      queueCapacity: 10_000,
      version: '1.2.3',
      background: { timers: createTimers(systemClock), log: NO_LOG },
    },
  );
  t.teardown(() => notifier.close());
  notifier.start();
  const nowMs = Date.now();
  notifier.send(
    rules.map(({ alert, labels, annotations }) => ({
      labels: Labels.from({ alertname: alert, ...labels }),
      annotations: Object.entries(annotations),
      startsAtMs: nowMs,
      endsAtMs: nowMs + 240_000,
      generatorUrl: 'http://promfed/graph?g0.expr=vector%281%29&g0.tab=1',
    })),
  );

  // Two alerts on each of four paths: two Alertmanagers share one.
  for (const ofPrometheus of [false, true]) {
    await until(() => lastAlerts(server, ofPrometheus).size >= 8, 'the alerts of both');
  }
  const [ours, theirs] = [lastAlerts(server, false), lastAlerts(server, true)];
  t.strictSame([...ours.keys()].sort(), [...theirs.keys()].sort());
  const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
  for (const [key, alert] of ours) {
    const other = theirs.get(key);
    t.strictSame(alert.annotations, other?.annotations);
    t.strictSame(Object.keys(alert).sort(), Object.keys(other ?? {}).sort());
    for (const time of [alert.startsAt, alert.endsAt, other?.startsAt, other?.endsAt]) t.match(time, TIME);
  }

  const listed = await untilFound(async () => {
    const response = await fetch(`${prometheus.url}/api/v1/alertmanagers`);
    const { data } = (await response.json()) as {
      data: Record<'activeAlertmanagers' | 'droppedAlertmanagers', { url: string }[]>;
    };
    return data.activeAlertmanagers.length === 5 ? data : undefined;
  }, 'five Alertmanagers of Prometheus');
  const { active, dropped } = notifier.alertmanagers();
  const urls = (list: readonly { url: string }[]): string[] => list.map(({ url }) => url).sort();
  t.strictSame([...active].sort(), urls(listed.activeAlertmanagers));
  t.strictSame([...dropped].sort(), urls(listed.droppedAlertmanagers));
});
