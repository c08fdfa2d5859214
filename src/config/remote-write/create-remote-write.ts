// Creates the settings of the section `remote_write`.

import { createHash } from 'node:crypto';

import type { RemoteWriteFile } from '../file/schema/remote-write.js';
import { createSectionClient } from '../http/section-client.js';
import { createRelabelSettings } from '../relabel-rules.js';
import type { Section, SectionReader } from '../section-reader.js';
import { parseConfigDuration } from '../text/parse-duration.js';
import { quote } from '../text/quote.js';
import type { RemoteWriteQueueSettings, RemoteWriteSettings } from './remote-write-settings.js';

/** Source: Prometheus, config/config.go (`RemoteWriteConfig`). */
export function createRemoteWriteSettings(
  entries: readonly RemoteWriteFile[] | undefined,
  reader: SectionReader,
): RemoteWriteSettings[] {
  if (!Array.isArray(entries)) return [];
  const names = new Set<string>();
  const settings = (entries as RemoteWriteFile[]).flatMap((entry, i) => {
    const path = ['remote_write', i];
    if (!reader.hasShape(path)) return [];
    const section = reader.section(path);
    const name = entry.name ?? '';
    if (name !== '' && names.has(name)) {
      section.problem(['name'], `found multiple remote write configs with job name ${quote(name)}`);
    }
    names.add(name);
    return [createEntry(entry, section)];
  });
  return settings.map((entry) => (entry.name === '' ? { ...entry, name: uniqueName(entry, names) } : entry));
}

function createEntry(entry: RemoteWriteFile, section: Section): RemoteWriteSettings {
  const timeoutMs = durationMs(entry.remote_timeout ?? '30s');
  const { url, headers, httpClient } = createSectionClient(entry, entry.url, timeoutMs, section);
  return {
    url,
    name: entry.name ?? '',
    timeoutMs,
    protocol: entry.protobuf_message === 'io.prometheus.write.v2.Request' ? '2.0' : '1.0',
    headers: [...section.entriesOf(entry.headers ?? {}), ...headers],
    writeRelabel: createRelabelSettings(entry.write_relabel_configs, 'write_relabel_configs', section),
    sendNativeHistograms: entry.send_native_histograms ?? false,
    queue: queueOf(entry.queue_config ?? {}, section),
    httpClient,
  };
}

/** Source: Prometheus, config/config.go (`DefaultQueueConfig`, `QueueConfig.Validate`). */
function queueOf(
  queue: NonNullable<RemoteWriteFile['queue_config']>,
  { problem }: Section,
): RemoteWriteQueueSettings {
  const settings = {
    capacity: queue.capacity ?? 10_000,
    maxShards: queue.max_shards ?? 50,
    minShards: queue.min_shards ?? 1,
    maxSamplesPerSend: queue.max_samples_per_send ?? 2000,
    batchSendDeadlineMs: durationMs(queue.batch_send_deadline ?? '5s'),
    minBackoffMs: durationMs(queue.min_backoff ?? '30ms'),
    maxBackoffMs: durationMs(queue.max_backoff ?? '5s'),
    retryOnRateLimit: queue.retry_on_http_429 ?? false,
    sampleAgeLimitMs: durationMs(queue.sample_age_limit ?? '0s'),
  };
  if (settings.minShards > settings.maxShards) {
    problem(['queue_config', 'min_shards'], 'must not be greater than max_shards');
  }
  if (settings.maxBackoffMs < settings.minBackoffMs) {
    problem(['queue_config', 'max_backoff'], 'must not be less than min_backoff');
  }
  return settings;
}

function durationMs(text: string): number {
  return Math.ceil(parseConfigDuration(text));
}

/**
 * Six hexadecimal digits that stay the same while the entry does. Credentials do not count, nor does the query string,
 * which may contain one: the name is public.
 */
function uniqueName({ url, protocol, writeRelabel, queue }: RemoteWriteSettings, names: Set<string>): string {
  const text = JSON.stringify([url.replace(/\?.*$/, ''), protocol, writeRelabel, queue]);
  const base = createHash('sha256').update(text).digest('hex').slice(0, 6);
  let name = base;
  for (let i = 2; names.has(name); i++) name = `${base}-${i}`;
  names.add(name);
  return name;
}
