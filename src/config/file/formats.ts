// The formats that the schema names: what a text must look like beyond being a text.

import { PromfedError } from '../../model/index.js';
import { parseDurationText } from '../text/duration-text.js';
import { parseMatchersText } from '../text/matcher-text.js';
import { parseRelativeMs, tryTimestampMs } from '../text/time-text.js';

/** Undefined when the text has the format, else what is wrong with it, to be read after the key's name. */
export type FormatCheck = (text: string) => string | undefined;

/** Header names that describe the connection or the body, which are promfed's to set. */
const OWN_HEADERS = new Set([
  'host',
  'connection',
  'keep-alive',
  'proxy-connection',
  'content-length',
  'content-type',
  'content-encoding',
  'transfer-encoding',
  'accept-encoding',
  'te',
  'trailer',
  'upgrade',
  'expect',
]);

/** Parameters that promfed itself sends with its requests. */
const OWN_PARAMETERS = new Set([
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

/** Every format of the schema by its name there. */
export const FORMATS = {
  duration,
  'label-name': labelName,
  target,
  'path-prefix': pathPrefix,
  'parameter-name': parameterName,
  'header-name': headerName,
  'header-value': headerValue,
  'authorization-type': authorizationType,
  'group-name': groupName,
  'server-name': serverName,
  'filter-label': filterLabel,
  matchers: matchersFormat,
  timestamp: timestampFormat,
  'relative-time': relativeTime,
} as const satisfies Readonly<Record<string, FormatCheck>>;

export type FormatName = keyof typeof FORMATS;

function duration(text: string): string | undefined {
  try {
    parseDurationText(text);
    return undefined;
  } catch (error) {
    if (error instanceof PromfedError) return error.message;
    throw error;
  }
}

/** Source: prometheus/common, model/labels.go (`LabelName.IsValid`, UTF-8 scheme). */
function labelName(text: string): string | undefined {
  if (text === '') return 'a label name must not be empty';
  if (text === '__name__') return '"__name__" is the name of the metric and cannot be set here';
  return undefined;
}

/** `host`, `host:port`, `1.2.3.4:port`, `[::1]:port`. */
function target(text: string): string | undefined {
  // What stands before an @ may be a password and is not repeated.
  if (text.includes('@')) {
    return 'a target is host:port, without a user name or password: those belong in http_client.basic_auth';
  }
  if (/^https?:\/\//i.test(text)) {
    return `${quote(text)} is a URL: write the target as host:port, and use scheme and path_prefix`;
  }
  if (text.includes('/')) return `${quote(text)} is not host:port: a path belongs in path_prefix`;
  const parts = trySplitHostPort(text);
  if (parts === undefined) return `${quote(text)} is not host:port`;
  if (parts.port !== undefined && (parts.port < 1 || parts.port > 65_535)) {
    return `the port of ${quote(text)} must be between 1 and 65535`;
  }
  return undefined;
}

/** The host is a URL's host: IPv6 addresses stand in brackets. */
export interface HostPort {
  readonly host: string;
  readonly port: number | undefined;
}

/** Splits `host:port`, where the port may be missing; undefined when the text is something else. */
export function trySplitHostPort(text: string): HostPort | undefined {
  const match = /^(\[[0-9A-Fa-f:.%]+\]|[\p{L}\p{N}_](?:[\p{L}\p{N}_.-]*))(?::([0-9]{1,6}))?$/u.exec(text);
  if (match === null || text.length > 300) return undefined;
  const host = match[1]!;
  if (!URL.canParse(`http://${host}/`)) return undefined;
  return { host, port: match[2] === undefined ? undefined : Number(match[2]) };
}

function pathPrefix(text: string): string | undefined {
  if (!/^[\x21-\x7e]*$/.test(text)) return 'a path must consist of visible ASCII characters';
  if (/[?#%\\"<>^`{|}]/.test(text)) {
    return `${quote(text)} is not a path: it must not contain any of ? # % \\ " < > ^ \` { | }`;
  }
  if (text.includes('://')) return `${quote(text)} is a URL: only its path belongs here`;
  if (text.split('/').some((segment) => segment === '.' || segment === '..')) {
    return `${quote(text)} must not contain the segments . or ..`;
  }
  return undefined;
}

function parameterName(text: string): string | undefined {
  if (text === '') return 'the name of a parameter must not be empty';
  if (OWN_PARAMETERS.has(text)) return `the parameter "${text}" is set by promfed itself on its requests`;
  return undefined;
}

/** Source: RFC 9110, 5.6.2 (`token`). */
function headerName(text: string): string | undefined {
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(text)) return `${quoteKey(text)} is not a valid header name`;
  if (OWN_HEADERS.has(text.toLowerCase())) {
    return `the header "${text}" is set by promfed itself on its requests`;
  }
  return undefined;
}

/** Source: RFC 9110, 5.5. The value itself may be a secret and is never repeated. */
function headerValue(text: string): string | undefined {
  if (/^[\t\x20-\x7e\x80-\xff]*$/.test(text)) return undefined;
  return 'the value of a header must not contain control characters or line breaks';
}

function authorizationType(text: string): string | undefined {
  if (text.trim().toLowerCase() === 'basic') {
    return 'authorization type cannot be set to "basic", use "basic_auth" instead';
  }
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]*$/.test(text.trim())) return 'the type of an authorization is one word';
  return undefined;
}

function groupName(text: string): string | undefined {
  if (text.trim() === '') return 'a name must not be empty';
  if (text.length > 200) return 'a name must not be longer than 200 characters';
  // A name is part of warnings, log lines and metric labels.
  if (/\p{Cc}/u.test(text)) return 'a name must not contain control characters';
  return undefined;
}

function serverName(text: string): string | undefined {
  if (text === '') return undefined;
  const parts = trySplitHostPort(text);
  if (parts === undefined || parts.port !== undefined) return `${quote(text)} is not the name of a host`;
  return undefined;
}

/** The name of the metric is a label like any other here. */
function filterLabel(text: string): string | undefined {
  return text === '' ? 'a label name must not be empty' : undefined;
}

function timestampFormat(text: string): string | undefined {
  if (tryTimestampMs(text) !== undefined) return undefined;
  return `${quote(text)} is not a time: write it as 2026-01-31T12:00:00Z`;
}

function relativeTime(text: string): string | undefined {
  try {
    parseRelativeMs(text);
    return undefined;
  } catch (error) {
    if (error instanceof PromfedError) return error.message;
    throw error;
  }
}

function matchersFormat(text: string): string | undefined {
  try {
    parseMatchersText(text);
    return undefined;
  } catch (error) {
    if (error instanceof PromfedError) return error.message;
    throw error;
  }
}

/** A text in quotes, cut where it gets too long to read. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
}

/** A key for a message. What follows a character that no key of ours has may be a value that lost its space. */
export function quoteKey(name: string): string {
  const sane = /^[\w.-]*/.exec(name)![0];
  return sane === name ? quote(name) : quote(`${sane.slice(0, 100)}…`);
}
