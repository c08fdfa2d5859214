// Outcomes of requests. Source: Prometheus, docs/specs/remote_write_spec_2_0.md and storage/remote/client.go.

import type { HttpClientResponse } from '../../upstreams/index.js';
import type { Protocol } from './encoding/encode-request.js';
import type { SampleCounts } from './metrics.js';

export type Outcome =
  /** Accepted. `written` is undefined when the receiver does not report it: everything was written. */
  | { readonly kind: 'accepted'; readonly written: SampleCounts | undefined }
  /** Failed for now. `delayMs` is the delay that the receiver requests. */
  | { readonly kind: 'retry'; readonly delayMs: number | undefined }
  /** The receiver does not support version 2.0 of the protocol. */
  | { readonly kind: 'unsupported' }
  /** Refused permanently. `written` is undefined when the receiver does not report it. */
  | { readonly kind: 'refused'; readonly written: SampleCounts | undefined };

/** Longest delay that a receiver can request. */
const MAX_RETRY_AFTER_MS = 600_000;

export interface OutcomeOptions {
  readonly protocol: Protocol;
  readonly retryOnRateLimit: boolean;
  readonly nowMs: number;
}

export function outcomeOf(response: HttpClientResponse, options: OutcomeOptions): Outcome {
  const { status, headers } = response;
  const { protocol, retryOnRateLimit, nowMs } = options;
  const written = writtenCounts(headers);
  if (status >= 200 && status < 300) {
    // Receivers of version 1.0 that ignore the content type find an empty message, and do not confirm anything.
    if (protocol === '2.0' && written === undefined) return { kind: 'unsupported' };
    return { kind: 'accepted', written };
  }
  if (protocol === '2.0' && status === 415) return { kind: 'unsupported' };
  if (status >= 500 || (status === 429 && retryOnRateLimit)) {
    return { kind: 'retry', delayMs: retryAfterMs(headers.get('retry-after'), nowMs) };
  }
  return { kind: 'refused', written };
}

/** Returns the numbers that the receiver confirms. A missing header means 0; undefined when all are missing. */
function writtenCounts(headers: ReadonlyMap<string, string>): SampleCounts | undefined {
  const samples = headers.get('x-prometheus-remote-write-samples-written');
  const histograms = headers.get('x-prometheus-remote-write-histograms-written');
  const exemplars = headers.get('x-prometheus-remote-write-exemplars-written');
  if (samples === undefined && histograms === undefined && exemplars === undefined) return undefined;
  return { samples: parseCount(samples), histograms: parseCount(histograms) };
}

function parseCount(text = ''): number {
  return /^\d{1,15}$/.test(text) ? Number(text) : 0;
}

/** Parses seconds or a date. Returns undefined when the text is missing or invalid, or the date is in the past. */
function retryAfterMs(text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined;
  const delayMs = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  return delayMs > 0 ? Math.min(delayMs, MAX_RETRY_AFTER_MS) : undefined;
}

/**
 * Reports whether parts of a refused request may be accepted: it is too large, or single samples are refused because of
 * their times (duplicates, too old, too new, out of order). Receivers of version 1.0 may then drop the whole request, as
 * Prometheus does.
 */
export function mayAcceptParts({ status, text }: HttpClientResponse): boolean {
  if (status === 413) return true;
  return (
    (status === 400 || status === 409 || status === 422) &&
    /duplicate|out[ -]of[ -](?:order|bounds)|too[ -](?:old|far)/i.test(text)
  );
}
