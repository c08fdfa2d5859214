// Hides the secrets of a server group or another HTTP client in texts of its upstreams.

import { isPublicHeader, isPublicParameter, MASK, maskUrl, maxOf } from '../../model/index.js';

/** Shorter values, such as `a`, are hidden only where their name precedes them. Elsewhere they would hide half a message. */
const MIN_SECRET_CHARS = 4;

/** Shorter values are hidden as whole words only: `node` is not hidden in `nodes`. */
const MIN_PART_CHARS = 8;

/** Shortest beginning of a secret that is hidden where a text is cut. */
const MIN_CUT_CHARS = 4;

/** Words of messages. As values they are hidden only where their name precedes them. */
const COMMON_WORDS: ReadonlySet<string> = new Set(
  (
    'true false none null default auto only first last all error errors query queries range match label labels series ' +
    'metric metrics time start step target server group read write http https json prom prometheus thanos mimir victoria ' +
    'victoriametrics route missing invalid status timeout limit user admin test prod production staging public main'
  ).split(' '),
);

/** Number of credentials that are hidden, the current ones and the latest replaced ones, which upstreams may repeat. */
const MAX_CREDENTIALS = 100;

type Pair = readonly [name: string, value: string];

export interface RedactorSettings {
  readonly httpHeaders?: readonly Pair[];
  readonly queryParams?: readonly Pair[];
  /** URL whose user, password and parameters are hidden. */
  readonly url?: URL;
  /** Private key, as PEM. */
  readonly privateKey?: string | undefined;
}

/**
 * Replaces secrets by `<secret>`: credentials, and the values of headers and parameters unless they are known to be
 * public. They are recognized in plain text and percent-encoded, escaped as in JSON or HTML, in any mixture, and as the
 * beginning of a secret where a text was cut.
 */
export class Redactor {
  readonly #configured: readonly Secret[];
  readonly #credentials = new Map<string, readonly Secret[]>();
  /** The longest first, so that a header is replaced as one secret and not only the token within it. */
  #secrets: readonly Secret[] = [];

  constructor({ httpHeaders = [], queryParams = [], url, privateKey = '' }: RedactorSettings) {
    const parameters = [...queryParams, ...(url?.searchParams ?? [])];
    this.#configured = [
      ...httpHeaders.filter(([name]) => !isPublicHeader(name)).flatMap(secretsOfHeader),
      ...parameters
        .filter(([name]) => !isPublicParameter(name))
        .map(([name, value]) => new Secret(value, name)),
      ...linesOf(privateKey).map((line) => new Secret(line)),
    ];
    this.#collect();
  }

  /** Adds credentials to hide. @param authorization the value of an Authorization header. */
  add(authorization: string): void {
    this.#addAll(authorization, secretsOfHeader(['authorization', authorization]));
  }

  /** Adds a password to hide. */
  addPassword(password: string): void {
    this.#addAll(password, [new Secret(password, 'password')]);
  }

  redact(text: string): string {
    return maskUrl(this.#secrets.reduce((rest, secret) => secret.hideIn(rest), text));
  }

  #addAll(key: string, secrets: readonly Secret[]): void {
    this.#credentials.delete(key);
    this.#credentials.set(key, secrets);
    const [oldest] = this.#credentials.keys();
    if (this.#credentials.size > MAX_CREDENTIALS && oldest !== undefined) this.#credentials.delete(oldest);
    this.#collect();
  }

  #collect(): void {
    const byKey = new Map<string, Secret>();
    for (const secret of [...this.#configured, ...[...this.#credentials.values()].flat()]) {
      if (secret.value !== '') byKey.set(`${secret.name ?? ''}\0${secret.value}`, secret);
    }
    this.#secrets = [...byKey.values()].sort((a, b) => b.value.length - a.value.length);
  }
}

/** One secret, with the name that precedes it in texts. */
class Secret {
  readonly value: string;
  readonly name: string | undefined;
  /** Compiled at the first text: most groups never have an error. */
  #pattern: RegExp | undefined;

  constructor(value: string, name?: string) {
    this.value = value;
    this.name = name;
  }

  hideIn(text: string): string {
    this.#pattern ??= this.#compile();
    const hidden = text.replace(this.#pattern, MASK);
    return this.#needsName() || !hidden.includes('…') ? hidden : this.#hideCut(hidden);
  }

  /** Hides the beginning of the secret before each ellipsis. */
  #hideCut(text: string): string {
    const forms = [this.value, encodeURIComponent(this.value)];
    return text
      .split('…')
      .map((part, i, parts) => {
        if (i === parts.length - 1) return part;
        const length = maxOf(forms.map((form) => lengthAtEnd(part, form)));
        return length < MIN_CUT_CHARS ? part : `${part.slice(0, part.length - length)}${MASK}`;
      })
      .join('…');
  }

  #needsName(): boolean {
    const { value } = this;
    return value.length < MIN_SECRET_CHARS || COMMON_WORDS.has(value.toLowerCase());
  }

  #compile(): RegExp {
    const value = patternOf(this.value);
    if (this.#needsName()) {
      const name = patternOf(this.name ?? '');
      const separator = String.raw`(?:\\?["'])?\s*(?:=|:|%(?:25)*3[dD]|%(?:25)*3[aA])\s*(?:\\?["'])?`;
      return new RegExp(`(?<=${name}${separator})${value}(?![A-Za-z0-9_])`, 'giu');
    }
    if (this.value.length >= MIN_PART_CHARS) return new RegExp(value, 'gu');
    return new RegExp(`(?:(?<![A-Za-z0-9_])|(?<=%[0-9A-Fa-f]{2}))${value}(?![A-Za-z0-9_])`, 'gu');
  }
}

/** Number of characters of the longest beginning of `form` with which `text` ends. */
function lengthAtEnd(text: string, form: string): number {
  for (let length = Math.min(form.length, text.length); length >= MIN_CUT_CHARS; length--) {
    if (text.endsWith(form.slice(0, length))) return length;
  }
  return 0;
}

/** A header's value, the token after its scheme, and the password of basic authentication; the user without a password. */
function secretsOfHeader([name, value]: Pair): Secret[] {
  const [, scheme = '', token = value] = /^(\S+)\s+(.*)$/.exec(value) ?? [];
  const texts = [value, token];
  if (/^basic$/i.test(scheme)) {
    const decoded = Buffer.from(token, 'base64').toString('utf8');
    const colon = decoded.indexOf(':');
    const password = decoded.slice(colon + 1);
    texts.push(decoded, password === '' ? decoded.slice(0, colon) : password);
  }
  return [...new Set(texts)].map((text) => new Secret(text, name));
}

/** The lines of a PEM text that are specific to it. */
function linesOf(pem: string): string[] {
  return pem.split(/\r?\n/).filter((line) => line.length >= MIN_PART_CHARS && !line.startsWith('-----'));
}

const HTML_NAMES: Readonly<Record<string, string>> = {
  '&': 'amp',
  '<': 'lt',
  '>': 'gt',
  '"': 'quot',
  "'": 'apos',
};

/** Returns a pattern of a text in which each character is plain or escaped. */
function patternOf(text: string): string {
  return Array.from(text, characterPattern).join('');
}

/**
 * A character as it is, percent-encoded (once or more, in either case), as an escape of JSON or Go, or as an entity of
 * HTML. A space may be a plus sign. Letters and digits are not escaped by any encoder but percent encoding.
 */
function characterPattern(character: string): string {
  const code = character.codePointAt(0)!;
  const plain = /[\\^$.*+?()[\]{}|/]/.test(character) ? `\\${character}` : character;
  const percent = [...Buffer.from(character, 'utf8')].map(
    (byte) => `%(?:25)*${eitherCase(byte.toString(16).padStart(2, '0'))}`,
  );
  const forms = [plain, percent.join('')];
  if (!/[A-Za-z0-9]/.test(character)) {
    if (code <= 0xffff) forms.push(String.raw`\\u${eitherCase(code.toString(16).padStart(4, '0'))}`);
    const html = HTML_NAMES[character];
    forms.push(`&#(?:0*${code}|x0*${eitherCase(code.toString(16))});`);
    if (html !== undefined) forms.push(`&${html};`);
    if (character === '"' || character === '\\') forms.push(`\\\\${plain}`);
    if (character === ' ') forms.push(String.raw`\+`);
  }
  return `(?:${forms.reverse().join('|')})`;
}

function eitherCase(hex: string): string {
  return hex.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
}
