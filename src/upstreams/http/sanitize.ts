// Text that came from outside, made fit for a message: short, on one line, free of control characters and secrets.

import type { ServerGroupSettings } from '../../config/index.js';

/** Control and format characters (the ones that turn text around included) and line separators. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
const TAGS = /<[^<>]*>/g;
const TITLE = /<title[^<>]*>([^<]*)/i;

/** The text with each unprintable character replaced by a space, cut to `maxChars`. */
export function printable(text: string, maxChars: number): string {
  return cut(text.slice(0, maxChars + 1).replace(UNPRINTABLE, ' '), maxChars).trim();
}

/** The text on one line, runs of white space as one, cut to `maxChars`. Of an HTML page its title or its words. */
export function excerpt(text: string, maxChars: number): string {
  const title = TITLE.exec(text)?.[1];
  const words = title ?? (/^\s*</.test(text) ? text.replace(TAGS, ' ') : text);
  return cut(words.replace(UNPRINTABLE, ' ').replace(/\s+/g, ' ').trim(), maxChars);
}

function cut(text: string, maxChars: number): string {
  return text.length <= maxChars ? text : `${text.slice(0, maxChars)}…`;
}

/** Shorter texts are not taken for secrets: blotting out every `a` would hide the message and no secret. */
const MIN_SECRET_CHARS = 4;

/**
 * Blots out a group's credentials where an upstream's text repeats them: the Authorization header, its token,
 * and of basic authentication the password.
 */
export function createRedactor(settings: ServerGroupSettings): (text: string) => string {
  const values = settings.httpHeaders
    .filter(([name]) => /^(proxy-)?authorization$|^cookie$|token|secret|key/i.test(name))
    .map(([, value]) => value);
  const { authorization } = settings.httpClient;
  if (authorization !== undefined) values.push(authorization);

  const secrets = new Set<string>();
  for (const value of values) {
    const [, scheme = '', token = value] = /^(\S+)\s+(.*)$/.exec(value) ?? [];
    for (const secret of [value, token, ...(/^basic$/i.test(scheme) ? [password(token)] : [])]) {
      if (secret.length >= MIN_SECRET_CHARS) secrets.add(secret);
    }
  }
  // The longest first: a token within a whole header must not leave the rest of the header behind.
  const ordered = [...secrets].sort((a, b) => b.length - a.length);
  return (text) => ordered.reduce((rest, secret) => rest.replaceAll(secret, '<secret>'), text);
}

function password(basicToken: string): string {
  const decoded = Buffer.from(basicToken, 'base64').toString('utf8');
  return decoded.slice(decoded.indexOf(':') + 1);
}
