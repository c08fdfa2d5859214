// A receiver of remote write in memory, in place of the HTTP client.

import { uncompressSync } from 'snappy';

import { PromfedError } from '../../../src/model/index.js';
import type { HttpClient, HttpClientRequest, HttpClientResponse } from '../../../src/upstreams/index.js';
import type { Timers } from '../../../src/runtime/index.js';
import { decodeV1, decodeV2, type DecodedSeries } from './messages.js';

export interface ReceivedWrite {
  readonly headers: Readonly<Record<string, string>>;
  readonly protocol: '1.0' | '2.0';
  readonly series: readonly DecodedSeries[];
  /** Number of floats and histograms. */
  readonly size: number;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly text?: string;
}

/** Answers a request, or fails as a connection does. Undefined to leave it open until it is canceled. */
export type Behaviour = (request: ReceivedWrite) => Answer | Error | undefined;

const ACCEPT: Behaviour = () => ({ status: 204 });

/** A behaviour of a receiver that confirms what it has written. */
export const CONFIRM: Behaviour = ({ series }) => ({
  status: 204,
  headers: writtenHeaders(
    series.reduce((sum, { samples }) => sum + samples.length, 0),
    series.reduce((sum, { histograms }) => sum + histograms.length, 0),
  ),
});

export function writtenHeaders(samples: number, histograms = 0): Record<string, string> {
  return {
    'x-prometheus-remote-write-samples-written': String(samples),
    'x-prometheus-remote-write-histograms-written': String(histograms),
    'x-prometheus-remote-write-exemplars-written': '0',
  };
}

/** Keeps every request, also those that it refuses. */
export class MemoryReceiver implements HttpClient {
  readonly endpoint: string;
  readonly requests: ReceivedWrite[] = [];
  /** Requests that were accepted. */
  readonly accepted: ReceivedWrite[] = [];
  /** Largest number of requests in progress at the same time. */
  maxOpen = 0;
  isClosed = false;
  #open = 0;
  #behaviour: Behaviour = ACCEPT;
  #delay: () => Promise<void> = () => Promise.resolve();

  constructor(endpoint = 'http://receiver/api/v1/write') {
    this.endpoint = endpoint;
  }

  behave(behaviour: Behaviour): void {
    this.#behaviour = behaviour;
  }

  /** Delays every answer. */
  slowDown(timers: Timers, delayMs: number): void {
    this.#delay = () => new Promise((resolve) => timers.schedule(delayMs, resolve));
  }

  accept(): void {
    this.#behaviour = ACCEPT;
  }

  /** Returns `time value` of the floats of a metric that were accepted, in the order of their arrival. */
  floats(metric: string): string[] {
    return this.accepted.flatMap(({ series }) =>
      series
        .filter(({ labels }) => labels.some(([name, value]) => name === '__name__' && value === metric))
        .flatMap(({ samples }) => samples.map(({ timeMs, bits }) => `${timeMs} ${valueOf(bits)}`)),
    );
  }

  async send(request: HttpClientRequest): Promise<HttpClientResponse> {
    const received = decodeWrite(request);
    this.requests.push(received);
    this.#open++;
    this.maxOpen = Math.max(this.maxOpen, this.#open);
    try {
      await this.#delay();
      const answer = this.#behaviour(received) ?? (await untilCanceled(request));
      if (answer instanceof Error) throw answer;
      const { status, headers = {}, text = '' } = answer;
      if (status < 300) this.accepted.push(received);
      return { status, headers: new Map(Object.entries(headers)), text, body: text };
    } finally {
      this.#open--;
    }
  }

  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }
}

/** Decodes a request of remote write. */
function decodeWrite({ headers = [], body }: HttpClientRequest): ReceivedWrite {
  const named: Record<string, string> = {};
  for (let i = 0; i < headers.length; i += 2) named[headers[i]!] = headers[i + 1]!;
  const message = uncompressSync(Buffer.from(body as Uint8Array)) as Buffer;
  const isV2 = named['content-type']!.includes('write.v2');
  const series = isV2 ? decodeV2(message).series : decodeV1(message);
  const size = series.reduce((sum, { samples, histograms }) => sum + samples.length + histograms.length, 0);
  return { headers: named, protocol: isV2 ? '2.0' : '1.0', series, size };
}

function untilCanceled({ signal }: HttpClientRequest): Promise<Error> {
  return new Promise((resolve) => {
    signal!.addEventListener('abort', () => {
      resolve(new PromfedError('canceled', 'request was canceled'));
    });
  });
}

function valueOf(bits: bigint): number | 'stale' {
  if (bits === 0x7ff0_0000_0000_0002n) return 'stale';
  return new Float64Array(BigUint64Array.of(bits).buffer)[0]!;
}
