// Host names with ports. Source: Go, net (`SplitHostPort`, `JoinHostPort`); Prometheus, template/template.go.

import { isIP } from 'node:net';

/** Splits `HOST:PORT` or `[HOST]:PORT`. Returns undefined for any other text. */
function trySplit(text: string): { readonly host: string; readonly port: string } | undefined {
  const colon = text.lastIndexOf(':');
  if (colon === -1) return undefined;
  const port = text.slice(colon + 1);
  if (!text.startsWith('[')) {
    const host = text.slice(0, colon);
    return /[:[\]]/.test(host) || /[[\]]/.test(port) ? undefined : { host, port };
  }
  const end = text.indexOf(']');
  if (end + 1 !== colon) return undefined;
  const host = text.slice(1, end);
  return host.includes('[') || /[[\]]/.test(port) ? undefined : { host, port };
}

export function stripPort(text: string): string {
  return trySplit(text)?.host ?? text;
}

/** Keeps the first part of a host name, and the port. IP addresses are kept. */
export function stripDomain(text: string): string {
  const split = trySplit(text);
  const host = split?.host ?? text;
  if (isIP(host) !== 0 && !host.includes('%')) return text;
  const first = host.split('.')[0]!;
  if (split === undefined || split.port === '') return first;
  return first.includes(':') || first.includes('%') ? `[${first}]:${split.port}` : `${first}:${split.port}`;
}
