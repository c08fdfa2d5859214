// URL-encoded parameters: those of a query string and of most forms.

/** Names with their values, in order. */
export type FormValues = Map<string, string[]>;

export function appendValue(values: FormValues, name: string, value: string): void {
  const list = values.get(name);
  if (list === undefined) values.set(name, [value]);
  else list.push(value);
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
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    if (pair.includes(';')) {
      problem = 'invalid semicolon separator in query';
      continue;
    }
    const equals = pair.indexOf('=');
    const encodedName = equals < 0 ? pair : pair.slice(0, equals);
    const encodedValue = equals < 0 ? '' : pair.slice(equals + 1);
    const invalid = invalidEscape(encodedName) ?? invalidEscape(encodedValue);
    if (invalid === undefined) appendValue(values, unescape(encodedName), unescape(encodedValue));
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
