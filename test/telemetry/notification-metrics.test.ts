// Metrics of notifications have Prometheus' names, and end with the last send loop of an Alertmanager.

import t from 'tap';

import { createMetrics } from '../../src/telemetry/index.js';

const URL = 'http://am:9093/api/v2/alerts';

async function linesOf({ render }: ReturnType<typeof createMetrics>): Promise<string[]> {
  const { text } = await render();
  return text.split('\n').filter((line) => line.startsWith('prometheus_notifications_'));
}

t.test('a send loop has series from its beginning to its end', async (t) => {
  const metrics = createMetrics('1.2.3');
  const { notifications } = metrics.addRules(Date.now);
  const gauges = [
    'prometheus_notifications_queue_capacity 10',
    'prometheus_notifications_alertmanagers_discovered 1',
  ];
  notifications.capacity(10);
  notifications.discovered(1);
  t.strictSame(await linesOf(metrics), gauges);

  notifications.added(URL);
  const zero = await linesOf(metrics);
  for (const name of ['sent_total', 'errors_total', 'dropped_total', 'queue_length']) {
    t.ok(zero.includes(`prometheus_notifications_${name}{alertmanager="${URL}"} 0`), name);
  }

  notifications.queued(URL, 7);
  notifications.queued(URL, -4);
  notifications.sent(URL, 2, 250);
  notifications.failed(URL, 1);
  notifications.dropped(URL, 1);
  const lines = await linesOf(metrics);
  for (const line of [
    `sent_total{alertmanager="${URL}"} 2`,
    `errors_total{alertmanager="${URL}"} 1`,
    `dropped_total{alertmanager="${URL}"} 1`,
    `queue_length{alertmanager="${URL}"} 3`,
    `latency_seconds{quantile="0.9",alertmanager="${URL}"} 0.25`,
    `latency_seconds_count{alertmanager="${URL}"} 1`,
    `latency_histogram_seconds_bucket{le="0.1",alertmanager="${URL}"} 0`,
    `latency_histogram_seconds_bucket{le="1",alertmanager="${URL}"} 1`,
  ]) {
    t.ok(lines.includes(`prometheus_notifications_${line}`), line);
  }

  notifications.removed(URL);
  t.strictSame(await linesOf(metrics), gauges);
});

t.test('counters continue while the next configuration replaces the previous one', async (t) => {
  const metrics = createMetrics('1.2.3');
  const { notifications } = metrics.addRules(Date.now);
  notifications.added(URL);
  notifications.sent(URL, 5, 10);
  notifications.added(URL);
  notifications.removed(URL);
  t.ok((await linesOf(metrics)).includes(`prometheus_notifications_sent_total{alertmanager="${URL}"} 5`));
  notifications.removed(URL);
  t.notOk((await linesOf(metrics)).some((line) => line.includes(URL)));
});
