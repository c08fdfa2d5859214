// Hides a group's secrets in text that came from its upstreams.

import type { ServerGroupSettings } from '../../config/index.js';

/** Shorter texts are not treated as secrets: replacing every `a` would hide the message and no secret. */
const MIN_SECRET_CHARS = 4;

/** Number of replaced credentials that stay hidden, the latest ones: upstreams may repeat them for a while. */
const MAX_CREDENTIALS = 100;

const MASK = '<secret>';

/**
 * Replaces the Authorization header, its token, the password of basic authentication, and the values of headers whose
 * names sound like a secret.
 */
export class Redactor {
  readonly #headers: readonly string[];
  readonly #credentials = new Set<string>();
  /** The longest first: a token within a header must not leave the rest of the header behind. */
  #secrets: readonly string[] = [];

  constructor(settings: Pick<ServerGroupSettings, 'httpHeaders'>) {
    this.#headers = settings.httpHeaders
      .filter(([name]) => /^(proxy-)?authorization$|^cookie$|token|secret|key/i.test(name))
      .map(([, value]) => value);
    this.#collect();
  }

  /** Hides credentials from now on, beside those added before. @param authorization a value of that header. */
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
