// The two addresses of a promfed of its own: where it listens, and where it is reached from outside.

import { PromfedError } from '../../model/index.js';
import { quote, trySplitHostPort } from '../file/formats.js';

export interface BindAddress {
  /** Without brackets; empty for every interface. */
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
}

/**
 * Parses `:8082`, `127.0.0.1:0`, `[::1]:8082` or `host:port`.
 *
 * @throws PromfedError `bad_data` that says which of these it is not.
 */
export function parseBindAddress(text: string): BindAddress {
  const parts = trySplitHostPort(text.startsWith(':') ? `any${text}` : text);
  if (parts === undefined) {
    const colons = text.split(':').length - 1;
    const hint =
      colons > 1 && !text.includes('[') ? ': an IPv6 address stands in brackets, as in [::1]:8082' : '';
    throw new PromfedError(
      'bad_data',
      `${quote(text)} is not an address such as :8082 or 127.0.0.1:8082${hint}`,
    );
  }
  if (parts.port === undefined) throw new PromfedError('bad_data', `${quote(text)} has no port, as in :8082`);
  if (parts.port > 65_535) throw new PromfedError('bad_data', 'a port must not be above 65535');
  const host = text.startsWith(':') ? '' : parts.host;
  return { host: host.startsWith('[') ? host.slice(1, -1) : host, port: parts.port };
}

export interface ExternalUrl {
  /** Without a slash at its end; undefined when only a path was given, so that the host must be found out. */
  readonly url: string | undefined;
  /** Starts with a slash and ends without one, or is empty. */
  readonly path: string;
}

/**
 * Parses the address under which promfed is reached from outside: a URL, or only its path.
 *
 * Source: Prometheus, cmd/prometheus/main.go (`computeExternalURL`).
 *
 * @throws PromfedError `bad_data`.
 */
export function parseExternalUrl(text: string): ExternalUrl {
  if (/^["']|["']$/.test(text)) throw new PromfedError('bad_data', 'URL must not begin or end with quotes');
  const isPath = text.startsWith('/') && !text.startsWith('//');
  const whole = isPath ? `http://localhost${text}` : text;
  if (!/^https?:\/\//i.test(whole) || !URL.canParse(whole)) {
    throw new PromfedError('bad_data', `${shown(text)} is not a URL such as http://example.com/path`);
  }
  const parsed = new URL(whole);
  if (parsed.username !== '' || parsed.password !== '') {
    throw new PromfedError('bad_data', 'the URL must not hold a user name or a password');
  }
  if (parsed.search !== '' || parsed.hash !== '') {
    throw new PromfedError('bad_data', `${shown(text)} must end with its path, without ? and #`);
  }
  const path = parsed.pathname.replace(/\/+$/, '');
  return { url: isPath ? undefined : `${parsed.origin}${path}`, path };
}

/** What stands before an @ may be a password. */
function shown(text: string): string {
  return text.includes('@') ? 'this' : quote(text);
}
