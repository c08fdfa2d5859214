// The settings of the section `remote_write`: checked, with defaults. Plain data, so that they can be cloned.

import type { RelabelSettings } from '../../model/index.js';
import type { HttpClientSettings } from '../http/http-client-settings.js';

/** One entry of `remote_write`. */
export interface RemoteWriteSettings {
  /** http or https. May contain a query string, but no user name and password. */
  readonly url: string;
  /** Unique. Default: six hexadecimal digits that depend on the settings of the entry. */
  readonly name: string;
  /** `remote_timeout`: maximum time of one request. Default 30,000. */
  readonly timeoutMs: number;
  /** Version of the protocol. Default 1.0. */
  readonly protocol: '1.0' | '2.0';
  /** `headers` and `http_headers`: added to every request. Values may be secrets. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly writeRelabel: readonly RelabelSettings[];
  /** Default false: native histograms are dropped. */
  readonly sendNativeHistograms: boolean;
  readonly queue: RemoteWriteQueueSettings;
  readonly httpClient: HttpClientSettings;
}

/** `queue_config`. Defaults as in Prometheus 3.14. */
export interface RemoteWriteQueueSettings {
  /** Number of samples that each shard buffers. Positive. Default 10,000. */
  readonly capacity: number;
  /** At least `minShards`. Default 50. */
  readonly maxShards: number;
  /** Positive. Default 1. */
  readonly minShards: number;
  /** Positive. Default 2,000. */
  readonly maxSamplesPerSend: number;
  /** Maximum time that a sample waits for a full batch. Default 5,000. */
  readonly batchSendDeadlineMs: number;
  /** Default 30. */
  readonly minBackoffMs: number;
  /** At least `minBackoffMs`. Default 5,000. */
  readonly maxBackoffMs: number;
  /** `retry_on_http_429`. Default false. */
  readonly retryOnRateLimit: boolean;
  /** Samples that are older are dropped. 0, the default, means no limit. */
  readonly sampleAgeLimitMs: number;
}
