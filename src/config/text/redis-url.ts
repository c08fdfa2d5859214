// URLs of Redis servers.

import { PromfedError } from '../../model/index.js';

export interface RedisUrl {
  /** True for `rediss:`. */
  readonly isSecure: boolean;
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
  readonly database: number;
  readonly username: string | undefined;
  readonly password: string | undefined;
}

const DEFAULT_PORT = 6379;

/**
 * Parses `redis[s]://[[username]:[password]@]host[:port][/database]`.
 *
 * @throws PromfedError `bad_data`. It does not quote the text, which may contain a password.
 */
export function parseRedisUrl(text: string): RedisUrl {
  const url = /^rediss?:\/\//i.test(text) && URL.canParse(text) ? new URL(text) : undefined;
  const database = /^\/?([0-9]{0,4})$/.exec(url?.pathname ?? '-')?.[1];
  if (
    url === undefined ||
    url.hostname === '' ||
    url.search !== '' ||
    url.hash !== '' ||
    database === undefined
  ) {
    throw new PromfedError(
      'bad_data',
      'invalid URL: must be a redis or rediss URL, for example redis://redis.example.com:6379/0',
    );
  }
  return {
    isSecure: url.protocol === 'rediss:',
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? DEFAULT_PORT : Number(url.port),
    database: Number(database),
    username: url.username === '' ? undefined : decode(url.username),
    password: url.password === '' ? undefined : decode(url.password),
  };
}

/** Percent-decodes a text. An invalid one stays as it is. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
