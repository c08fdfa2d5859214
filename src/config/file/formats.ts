// String formats of the schema.

import {
  ExpandingPattern,
  isHeaderName,
  isHeaderValue,
  isReservedHeader,
  PromfedError,
  RELABEL_ACTIONS,
} from '../../model/index.js';
import { parseHttpUrl, trySplitHostPort } from '../text/addresses.js';
import { parseConfigMatchers } from '../text/parse-matchers.js';
import { parseConfigDuration } from '../text/parse-duration.js';
import { parseRemoteRead } from '../text/parse-remote-read.js';
import { parseTestTime, parseYamlNumber } from '../text/parse-number.js';
import { parseSignedDuration, tryParseYamlTimestamp } from '../text/parse-time.js';
import { isFilePattern } from '../text/file-pattern.js';
import { quote, quoteKey } from '../text/quote.js';
import { parseRedisUrl } from '../text/redis-url.js';

/** Returns undefined for a valid text, else the reason, worded to follow the path of the key and a colon. */
export type FormatCheck = (text: string) => string | undefined;

/** Parameters of the API that promfed sets. */
const RESERVED_PARAMETERS: ReadonlySet<string> = new Set([
  'query',
  'time',
  'start',
  'end',
  'step',
  'match[]',
  'timeout',
  'limit',
  'metric',
  'lookback_delta',
]);

/** Checks by the name of the format in the schema. */
export const FORMATS = {
  duration: parsesWith(parseConfigDuration),
  'positive-duration': checkPositiveDuration,
  'yaml-number': parsesWith(parseYamlNumber),
  'test-time': parsesWith(parseTestTime),
  'label-name': checkLabelName,
  target: checkTarget,
  'path-prefix': checkPath,
  'remote-read': parsesWith(parseRemoteRead),
  'parameter-name': checkParameterName,
  'header-name': checkHeaderName,
  'header-value': checkHeaderValue,
  'authorization-type': checkAuthorizationType,
  'group-name': checkGroupName,
  'server-name': checkServerName,
  'filter-label': checkFilterLabel,
  matchers: parsesWith(parseConfigMatchers),
  timestamp: checkTimestamp,
  'relative-time': parsesWith(parseSignedDuration),
  regex: parsesWith((text) => new ExpandingPattern(text)),
  'relabel-action': checkRelabelAction,
  'alertmanager-target': checkAlertmanagerTarget,
  'request-header-name': checkRequestHeaderName,
  'api-url': parsesWith((text) => parseHttpUrl(text, 'http://prometheus.example.com:9090')),
  // Some receivers need a query string.
  'write-url': parsesWith((text) =>
    parseHttpUrl(text.replace(/\?[^#]*$/, ''), 'http://prometheus.example.com:9090/api/v1/write'),
  ),
  'rule-files': checkRuleFiles,
  'partial-response': checkPartialResponse,
  'chained-results': checkChainedResults,
  'redis-url': parsesWith(parseRedisUrl),
  'election-name': checkElectionName,
  'lease-name': checkLeaseName,
  'lease-duration': checkLeaseDuration,
} as const satisfies Readonly<Record<string, FormatCheck>>;

export type FormatName = keyof typeof FORMATS;

/** A check by a parser that throws a PromfedError. */
function parsesWith(parse: (text: string) => unknown): FormatCheck {
  return (text) => {
    try {
      parse(text);
      return undefined;
    } catch (error) {
      if (error instanceof PromfedError) return error.message;
      throw error;
    }
  };
}

/** Source: prometheus/common, model/labels.go (`LabelName.IsValid`, UTF-8 scheme). */
function checkLabelName(text: string): string | undefined {
  if (text === '') return 'label name must not be empty';
  if (text === '__name__') return 'label "__name__" must not be set: it is the name of the metric';
  return undefined;
}

/** Accepts `host`, `host:port`, `1.2.3.4:port` and `[::1]:port`. */
function checkTarget(text: string): string | undefined {
  // A text with an @ may contain a password.
  if (text.includes('@')) {
    return 'invalid target: must be host:port without a user name or password; use http_client.basic_auth';
  }
  const reason = targetProblem(text);
  return reason === undefined ? undefined : `invalid target ${quote(text)}: ${reason}`;
}

function targetProblem(text: string): string | undefined {
  if (/^https?:\/\//i.test(text)) return 'must be host:port without a scheme; use scheme and path_prefix';
  if (text.includes('/')) return 'must be host:port without a path; use path_prefix';
  const parts = trySplitHostPort(text);
  if (parts === undefined) return 'must be host:port';
  const isPort = parts.port === undefined || (parts.port >= 1 && parts.port <= 65_535);
  return isPort ? undefined : 'port must be between 1 and 65535';
}

function checkPath(text: string): string | undefined {
  if (!/^[\x21-\x7e]*$/.test(text)) return 'path must contain only printable ASCII characters without spaces';
  if (/[?#%\\"<>^`{|}]/.test(text)) {
    return `invalid path ${quote(text)}: must not contain any of ? # % \\ " < > ^ \` { | }`;
  }
  if (text.includes('://')) return `invalid path ${quote(text)}: must not contain a scheme and a host`;
  if (text.split('/').some((segment) => segment === '.' || segment === '..')) {
    return `invalid path ${quote(text)}: must not contain the segments . and ..`;
  }
  return undefined;
}

function checkParameterName(text: string): string | undefined {
  if (text === '') return 'parameter name must not be empty';
  return RESERVED_PARAMETERS.has(text) ? `parameter "${text}" must not be set: it is reserved` : undefined;
}

function checkHeaderName(text: string): string | undefined {
  if (!isHeaderName(text)) return `invalid header name ${quoteKey(text)}`;
  return isReservedHeader(text) ? `header "${text}" must not be set: it is reserved` : undefined;
}

/** Never quotes the value, which may be a secret. */
function checkHeaderValue(text: string): string | undefined {
  if (isHeaderValue(text)) return undefined;
  return 'header value must contain only Latin-1 characters, without control characters and line breaks';
}

function checkAuthorizationType(text: string): string | undefined {
  if (text.trim().toLowerCase() === 'basic') {
    return 'authorization type cannot be set to "basic", use "basic_auth" instead';
  }
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]*$/.test(text.trim())) return 'authorization type must be a single word';
  return undefined;
}

/** The name is part of warnings, log lines and metric labels. */
function checkGroupName(text: string): string | undefined {
  if (text.trim() === '') return 'name must not be empty';
  if (text.length > 200) return 'name must not be longer than 200 characters';
  if (/\p{Cc}/u.test(text)) return 'name must not contain control characters';
  return undefined;
}

function checkServerName(text: string): string | undefined {
  if (text === '') return undefined;
  const parts = trySplitHostPort(text);
  return parts === undefined || parts.port !== undefined ? `invalid host name ${quote(text)}` : undefined;
}

/** Accepts `__name__`, unlike checkLabelName. */
function checkFilterLabel(text: string): string | undefined {
  return text === '' ? 'label name must not be empty' : undefined;
}

function checkTimestamp(text: string): string | undefined {
  if (tryParseYamlTimestamp(text) !== undefined) return undefined;
  return `invalid timestamp ${quote(text)}; use RFC 3339, for example 2026-01-31T12:00:00Z`;
}

function checkPositiveDuration(text: string): string | undefined {
  const problem = FORMATS.duration(text);
  if (problem !== undefined) return problem;
  return parseConfigDuration(text) > 0 ? undefined : 'duration must be greater than 0';
}

/** Accepts any case, as Prometheus does. */
function checkRelabelAction(text: string): string | undefined {
  if (RELABEL_ACTIONS.some((action) => action === text.toLowerCase())) return undefined;
  return `must be one of ${RELABEL_ACTIONS.join(', ')}; got ${quote(text)}`;
}

/** Relabelling may change the address, so only the texts that Prometheus rejects are invalid. */
function checkAlertmanagerTarget(text: string): string | undefined {
  if (text.includes('@')) {
    return 'invalid target: must be host:port without a user name or password; use basic_auth';
  }
  if (/^https?:\/\//i.test(text)) {
    return `invalid target ${quote(text)}: must be host:port without a scheme; use scheme and path_prefix`;
  }
  if (text.includes('/'))
    return `invalid target ${quote(text)}: must be host:port without a path; use path_prefix`;
  return undefined;
}

/** Headers that no section of Prometheus may set. Source: prometheus/common, config/headers.go (`ReservedHeaders`). */
const RESERVED_HEADERS: ReadonlySet<string> = new Set([
  'user-agent',
  'proxy-authenticate',
  'proxy-authorization',
  'www-authenticate',
  'x-prometheus-remote-write-version',
  'x-prometheus-remote-read-version',
  'x-prometheus-scrape-timeout-seconds',
  'x-amz-date',
  'x-amz-security-token',
  'x-amz-content-sha256',
]);

function checkRequestHeaderName(text: string): string | undefined {
  const name = text.toLowerCase();
  if (name === 'authorization') {
    return `header "${text}" must not be set: use basic_auth or authorization`;
  }
  return RESERVED_HEADERS.has(name)
    ? `header "${text}" must not be set: it is reserved`
    : checkHeaderName(text);
}

/** Source: Prometheus, config/config.go (`patRulePath`). */
function checkRuleFiles(text: string): string | undefined {
  if (text === '') return 'path must not be empty';
  if (text.includes('\0')) return 'path must not contain a NUL character';
  const directory = /^.*\*[^/]*\//.exec(text)?.[0];
  if (directory !== undefined) {
    return `invalid rule file path ${quote(text)}: * is allowed in the name of the file only`;
  }
  return isFilePattern(text) ? undefined : `invalid rule file path ${quote(text)}: syntax error in pattern`;
}

/** Accepts any case, as Thanos does. */
function checkPartialResponse(text: string): string | undefined {
  if (/^(?:abort|warn|hold)$/i.test(text)) return undefined;
  return `must be one of abort, warn, hold; got ${quote(text)}`;
}

function checkChainedResults(text: string): string | undefined {
  if (text === 'memory' || text === 'regions') return undefined;
  return `must be one of memory, regions; got ${quote(text)}`;
}

function checkElectionName(text: string): string | undefined {
  return /^[\x21-\x7e]{1,200}$/.test(text)
    ? undefined
    : 'name must have 1 to 200 printable ASCII characters without spaces';
}

/** Source: Kubernetes, names of objects (RFC 1123 subdomain names). */
function checkLeaseName(text: string): string | undefined {
  if (/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(text)) return undefined;
  return `invalid name ${quote(text)}: must consist of lower case letters, digits, - and .`;
}

function checkLeaseDuration(text: string): string | undefined {
  const problem = FORMATS.duration(text);
  if (problem !== undefined) return problem;
  const durationMs = parseConfigDuration(text);
  return durationMs >= 1_000 && durationMs <= 600_000 ? undefined : 'must be between 1s and 10m';
}
