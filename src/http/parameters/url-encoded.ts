// URL-encoded parameters: those of a query string and of most forms.

/**
 * Maximum number of parameters of a request, in its URL and its body together. Empty and invalid ones count.
 *
 * Source: Go, net/url, where it is the default of the setting `urlmaxqueryparams`.
 */
export const MAX_PARAMETERS = 10_000;

/** The parameters of a request: names with their values, in order. */
export class FormValues {
  readonly #values = new Map<string, string[]>();
  #count = 0;

  /** True when there were more than `MAX_PARAMETERS`. Further ones are not read. */
  get isTooLong(): boolean {
    return this.#count > MAX_PARAMETERS;
  }

  /** Counts a parameter before it is read. Returns false when it exceeds the limit. */
  tryCount(): boolean {
    this.#count++;
    return !this.isTooLong;
  }

  append(name: string, value: string): void {
    const list = this.#values.get(name);
    if (list === undefined) this.#values.set(name, [value]);
    else list.push(value);
  }

  /** All values of a name; undefined without one. */
  get(name: string): readonly string[] | undefined {
    return this.#values.get(name);
  }
}

/**
 * Appends the parameters of a text to `values`. Invalid parameters are omitted.
 *
 * Source: Go, net/url (`ParseQuery`).
 *
 * @returns why a parameter is invalid, in Go's words; undefined when all are valid.
 */
export function parseUrlEncoded(text: string, values: FormValues): string | undefined {
  let problem: string | undefined;
  for (let start = 0; start <= text.length && values.tryCount();) {
    const separator = text.indexOf('&', start);
    const end = separator < 0 ? text.length : separator;
    const pair = text.slice(start, end);
    start = end + 1;
    if (pair === '') continue;
    if (pair.includes(';')) {
      problem = 'invalid semicolon separator in query';
      continue;
    }
    const equals = pair.indexOf('=');
    const encodedName = equals < 0 ? pair : pair.slice(0, equals);
    const encodedValue = equals < 0 ? '' : pair.slice(equals + 1);
    const invalid = invalidEscape(encodedName) ?? invalidEscape(encodedValue);
    if (invalid === undefined) values.append(unescape(encodedName), unescape(encodedValue));
    else problem ??= `invalid URL escape ${JSON.stringify(invalid)}`;
  }
  return problem;
}

function invalidEscape(text: string): string | undefined {
  const position = text.includes('%') ? text.search(/%(?![0-9a-fA-F]{2})/) : -1;
  return position < 0 ? undefined : text.slice(position, position + 3);
}

/** Bytes that are not UTF-8 become U+FFFD, which PromQL rejects as it rejects them. */
function unescape(text: string): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text;
  if (!spaced.includes('%')) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    return new URLSearchParams(`x=${text}`).get('x') ?? '';
  }
}
