// Creates the interceptors of a target from the settings of its group.

import type { ServerGroupSettings } from '../../../config/index.js';
import type { Clock } from '../../../runtime/index.js';
import type { UpstreamMetrics } from '../../metrics.js';
import type { Credentials } from '../credentials.js';
import type { Interceptor } from '../exchange.js';
import { ownerOf } from '../owner.js';
import { authentication } from './authentication.js';
import { decodedEncodings, decoding } from './decoding.js';
import { checkHeaders, configuredHeaders, withDefaults } from './headers.js';
import { headersTimeout } from './headers-timeout.js';
import { observation } from './observation.js';
import { staleRetry } from './stale-retry.js';
import { statusCheck } from './status-check.js';

export interface InterceptorOptions {
  /** The target's name: `host:port`. */
  readonly target: string;
  /** True when the target runs on this machine. */
  readonly isLocal: boolean;
  /** Undefined for no authentication. */
  readonly credentials: Credentials | undefined;
  readonly metrics: UpstreamMetrics;
  readonly clock: Clock;
  /** promfed's version. */
  readonly version: string;
}

/**
 * Returns the interceptors of a target. The first one is the outermost: it receives the request first and the response
 * last.
 *
 * @throws PromfedError `bad_data` when a header of the settings is invalid.
 */
export function interceptorsFor(settings: ServerGroupSettings, options: InterceptorOptions): Interceptor[] {
  const { target, credentials, metrics, clock } = options;
  return [
    observation({ group: settings.name, target, metrics, clock }),
    statusCheck,
    decoding,
    ...(settings.timeoutMs === undefined ? [] : [headersTimeout(settings.timeoutMs)]),
    configuredHeaders(headersOf(settings, options)),
    ...(credentials === undefined ? [] : [authentication(credentials)]),
    staleRetry(clock),
  ];
}

/** Returns `http_headers` and promfed's default headers, which `http_headers` override. */
function headersOf(settings: ServerGroupSettings, { version, isLocal }: InterceptorOptions): string[] {
  checkHeaders(settings.httpHeaders, `${ownerOf(settings).title}: http_headers`);
  return withDefaults(settings.httpHeaders, [
    ['user-agent', `promfed/${version}`],
    ['accept', 'application/json'],
    // Between processes of one machine, compression costs more than it saves.
    ...(isLocal ? [] : [['accept-encoding', decodedEncodings] as const]),
  ]);
}
