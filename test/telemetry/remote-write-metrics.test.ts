// The metrics of remote write.

import { Registry } from 'prom-client';
import t from 'tap';

import { addRemoteWriteMetrics } from '../../src/telemetry/remote-write-metrics.js';

/** Returns the lines of the text format without comments, buckets and the common prefix. */
async function linesOf(registry: Registry): Promise<string[]> {
  const text = await registry.metrics();
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#') && !line.includes('_bucket'))
    .map((line) => line.replace(/^prometheus_remote_storage_/, ''));
}

t.test('a queue has all metrics, and none after its removal', async (t) => {
  const registry = new Registry();
  const metrics = addRemoteWriteMetrics([registry]);
  const queue = metrics.addQueue('vm', 'http://vm/write');
  queue.limits({ minShards: 1, maxShards: 50, shardCapacity: 10_000, maxSamplesPerSend: 2000 });
  queue.shards(2, 1.5);
  queue.enqueued(1_700_000_001_999);
  queue.enqueued(1_700_000_000_000);
  queue.pending({ samples: 7, histograms: 1 });
  queue.attempted({ samples: 5, histograms: 1 });
  queue.retried({ samples: 4, histograms: 1 });
  queue.failed({ samples: 3, histograms: 1 });
  queue.dropped({ samples: 2, histograms: 1 }, 'queue_full');
  queue.dropped({ samples: 1, histograms: 0 }, 'too_old');
  queue.requestEnded(250);
  queue.sent(100, 1_700_000_000_500);
  const labels = 'remote_name="vm",url="http://vm/write"';
  t.same((await linesOf(registry)).sort(), [
    `bytes_total{${labels}} 100`,
    `highest_timestamp_in_seconds 1700000001`,
    `histograms_dropped_total{${labels},reason="queue_full"} 1`,
    `histograms_failed_total{${labels}} 1`,
    `histograms_pending{${labels}} 1`,
    `histograms_retried_total{${labels}} 1`,
    `histograms_total{${labels}} 1`,
    `max_samples_per_send{${labels}} 2000`,
    `queue_highest_sent_timestamp_seconds{${labels}} 1700000000`,
    `queue_highest_timestamp_seconds{${labels}} 1700000001`,
    `samples_dropped_total{${labels},reason="queue_full"} 2`,
    `samples_dropped_total{${labels},reason="too_old"} 1`,
    `samples_failed_total{${labels}} 3`,
    `samples_pending{${labels}} 7`,
    `samples_retried_total{${labels}} 4`,
    `samples_total{${labels}} 5`,
    `sent_batch_duration_seconds_count{${labels}} 1`,
    `sent_batch_duration_seconds_sum{${labels}} 0.25`,
    `shard_capacity{${labels}} 10000`,
    `shards_desired{${labels}} 1.5`,
    `shards_max{${labels}} 50`,
    `shards_min{${labels}} 1`,
    `shards{${labels}} 2`,
  ]);
  queue.remove();
  queue.pending({ samples: 1, histograms: 0 });
  queue.sent(1, 1);
  queue.dropped({ samples: 1, histograms: 0 }, 'closed');
  t.same(await linesOf(registry), ['highest_timestamp_in_seconds 1700000001']);
});

t.test('failures of a new queue are counted from zero', async (t) => {
  const registry = new Registry();
  addRemoteWriteMetrics([registry]).addQueue('vm', 'http://vm/write');
  t.ok((await linesOf(registry)).includes('samples_failed_total{remote_name="vm",url="http://vm/write"} 0'));
});
