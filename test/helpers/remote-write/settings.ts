// Settings of remote write for tests.

import type { RemoteWriteSettings } from '../../../src/config/index.js';

export interface RemoteWriteOverrides extends Partial<Omit<RemoteWriteSettings, 'queue'>> {
  readonly queue?: Partial<RemoteWriteSettings['queue']>;
}

/** Returns the defaults of Prometheus, with native histograms. */
export function remoteWriteSettings({ queue, ...overrides }: RemoteWriteOverrides = {}): RemoteWriteSettings {
  return {
    url: 'http://receiver/api/v1/write',
    name: 'test',
    timeoutMs: 30_000,
    protocol: '1.0',
    headers: [],
    writeRelabel: [],
    sendNativeHistograms: true,
    queue: {
      capacity: 10_000,
      maxShards: 50,
      minShards: 1,
      maxSamplesPerSend: 2000,
      batchSendDeadlineMs: 5000,
      minBackoffMs: 30,
      maxBackoffMs: 5000,
      retryOnRateLimit: false,
      sampleAgeLimitMs: 0,
      ...queue,
    },
    httpClient: {
      dialTimeoutMs: 1000,
      authentication: undefined,
      tls: {
        ca: undefined,
        cert: undefined,
        key: undefined,
        serverName: undefined,
        insecureSkipVerify: false,
        minVersion: undefined,
        maxVersion: undefined,
      },
    },
    ...overrides,
  };
}
