// Addresses in configuration files and flags: targets, the listen address, the external URL.

import { PromfedError } from '../../model/index.js';
import { quote } from './quote.js';

export interface HostPort {
  /** Host of a URL: an IPv6 address is in brackets. */
  readonly host: string;
  readonly port: number | undefined;
}

/** Splits `host:port`, where the port is optional. Returns undefined when the text has another form. */
export function trySplitHostPort(text: string): HostPort | undefined {
  const match = /^(\[[0-9A-Fa-f:.%]+\]|[\p{L}\p{N}_](?:[\p{L}\p{N}_.-]*))(?::([0-9]{1,6}))?$/u.exec(text);
  if (match === null || text.length > 300) return undefined;
  const host = match[1]!;
  if (!URL.canParse(`http://${host}/`)) return undefined;
  return { host, port: match[2] === undefined ? undefined : Number(match[2]) };
}

export interface BindAddress {
  /** Without brackets; empty for all interfaces. */
  readonly host: string;
  /** 0 selects a free port. */
  readonly port: number;
}

/**
 * Parses a listen address: `:8082`, `127.0.0.1:0`, `[::1]:8082` or `host:port`.
 *
 * @throws PromfedError `bad_data`.
 */
export function parseBindAddress(text: string): BindAddress {
  const fail = (reason: string): never => {
    throw new PromfedError('bad_data', `invalid address ${quote(text)}: ${reason}`);
  };
  const parts = trySplitHostPort(text.startsWith(':') ? `any${text}` : text);
  if (parts === undefined) {
    const isBareIpv6 = text.split(':').length > 2 && !text.includes('[');
    return fail(
      isBareIpv6
        ? 'an IPv6 address must be in brackets, for example [::1]:8082'
        : 'must be host:port or :port, for example 127.0.0.1:8082',
    );
  }
  if (parts.port === undefined) return fail('missing port; use :port or host:port, for example :8082');
  if (parts.port > 65_535) return fail('port must be between 0 and 65535');
  const host = text.startsWith(':') ? '' : parts.host;
  return { host: host.startsWith('[') ? host.slice(1, -1) : host, port: parts.port };
}

export interface ExternalUrl {
  /** Without a trailing slash; undefined when the text is only a path. */
  readonly url: string | undefined;
  /** Starts with a slash and ends without one, or is empty. */
  readonly path: string;
}

/**
 * Parses the URL under which promfed is externally reachable, or only its path.
 *
 * Source: Prometheus, cmd/prometheus/main.go (`computeExternalURL`).
 *
 * @throws PromfedError `bad_data`.
 */
export function parseExternalUrl(text: string): ExternalUrl {
  if (/^["']|["']$/.test(text)) throw new PromfedError('bad_data', 'URL must not begin or end with quotes');
  const isPath = text.startsWith('/') && !text.startsWith('//');
  const parsed = parseHttpUrl(text, 'http://example.com/path', isPath ? 'http://localhost' : '');
  if (parsed.username !== '' || parsed.password !== '') {
    throw new PromfedError('bad_data', 'URL must not contain a user name or password');
  }
  const path = parsed.pathname.replace(/\/+$/, '');
  return { url: isPath ? undefined : `${parsed.origin}${path}`, path };
}

/**
 * Parses an http or https URL without a query string and a fragment. `origin` goes in front of a text that is only a
 * path.
 *
 * @throws PromfedError `bad_data`. It does not quote a text with an `@`, which may contain a password.
 */
export function parseHttpUrl(text: string, example: string, origin = ''): URL {
  const url = `${origin}${text}`;
  const shown = text.includes('@') ? 'URL' : `URL ${quote(text)}`;
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) {
    throw new PromfedError(
      'bad_data',
      `invalid ${shown}: must be an http or https URL, for example ${example}`,
    );
  }
  const parsed = new URL(url);
  if (parsed.search !== '' || parsed.hash !== '') {
    throw new PromfedError('bad_data', `invalid ${shown}: must not contain a query string or a fragment`);
  }
  return parsed;
}
