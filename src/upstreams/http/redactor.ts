// Hides the secrets of a server group in texts of its upstreams.

import type { ServerGroupSettings } from '../../config/index.js';

/** Minimum length of a secret. Replacing shorter ones, such as `a`, would make messages unreadable. */
const MIN_SECRET_CHARS = 4;

/** Number of credentials that are hidden, the current ones and the latest replaced ones, which upstreams may repeat. */
const MAX_CREDENTIALS = 100;

const MASK = '<secret>';

/**
 * Replaces secrets by `<secret>`: the value of the Authorization header, its token, the password of basic authentication,
 * and the values of `http_headers` whose names suggest a secret.
 */
export class Redactor {
  readonly #headers: readonly string[];
  readonly #credentials = new Set<string>();
  /** The longest first, so that a header is replaced as one secret and not only the token within it. */
  #secrets: readonly string[] = [];

  constructor(settings: Pick<ServerGroupSettings, 'httpHeaders'>) {
    this.#headers = settings.httpHeaders
      .filter(([name]) => /^(proxy-)?authorization$|^cookie$|token|secret|key/i.test(name))
      .map(([, value]) => value);
    this.#collect();
  }

  /** Adds credentials to hide. @param authorization the value of an Authorization header. */
  add(authorization: string): void {
    this.#credentials.add(authorization);
    const [oldest] = this.#credentials;
    if (this.#credentials.size > MAX_CREDENTIALS && oldest !== undefined) this.#credentials.delete(oldest);
    this.#collect();
  }

  redact(text: string): string {
    return this.#secrets.reduce((rest, secret) => rest.replaceAll(secret, MASK), text);
  }

  #collect(): void {
    const secrets = new Set([...this.#headers, ...this.#credentials].flatMap(secretsIn));
    this.#secrets = [...secrets]
      .filter((secret) => secret.length >= MIN_SECRET_CHARS)
      .sort((a, b) => b.length - a.length);
  }
}

/** A header's value, the token after its scheme, and the password of basic authentication. */
function secretsIn(value: string): string[] {
  const [, scheme = '', token = value] = /^(\S+)\s+(.*)$/.exec(value) ?? [];
  return /^basic$/i.test(scheme) ? [value, token, password(token)] : [value, token];
}

function password(basicToken: string): string {
  const decoded = Buffer.from(basicToken, 'base64').toString('utf8');
  return decoded.slice(decoded.indexOf(':') + 1);
}
