// The HTTP client of a section whose keys stand beside others, as in Prometheus.

import { isHeaderValue } from '../../model/index.js';
import type { HttpClientFile, HttpHeadersFile } from '../file/schema/http-client.js';
import type { Section } from '../section-reader.js';
import type { HttpClientSettings } from './http-client-settings.js';
import { createHttpClientSettings } from './http-client.js';

/** Upper bound on the time to open a connection, as in Go's default dialer. */
const MAX_DIAL_TIMEOUT_MS = 30_000;

type ClientKeys = HttpClientFile & { readonly http_headers?: HttpHeadersFile };

export interface SectionClient {
  /** Without a user name and a password. */
  readonly url: string;
  /** `http_headers`, in the order of the file. The contents of files are trimmed. */
  readonly headers: (readonly [name: string, value: string])[];
  readonly httpClient: HttpClientSettings;
}

/**
 * Creates the settings of keys with a valid shape. Other problems are reported. A user name and a password in the URL
 * are used for basic authentication, unless the section has an authentication method.
 *
 * @param url an http or https URL, or the empty string for a section with targets.
 * @param timeoutMs limits the time to open a connection.
 */
export function createSectionClient(
  keys: ClientKeys,
  url: string,
  timeoutMs: number,
  section: Section,
): SectionClient {
  const httpClient = createHttpClientSettings(keys, section);
  const parsed = url === '' ? undefined : new URL(url);
  const inUrl = parsed === undefined ? undefined : basicAuthOf(parsed);
  if (parsed !== undefined) parsed.username = parsed.password = '';
  return {
    url: parsed?.href ?? '',
    headers: headersOf(keys.http_headers ?? {}, section),
    httpClient: {
      ...httpClient,
      dialTimeoutMs: Math.min(timeoutMs, MAX_DIAL_TIMEOUT_MS),
      authentication: httpClient.authentication ?? inUrl,
    },
  };
}

function basicAuthOf({ username, password }: URL): HttpClientSettings['authentication'] {
  if (username === '' && password === '') return undefined;
  const secret = (text: string) => ({ value: decode(text), file: undefined });
  return { kind: 'basic', username: secret(username), password: secret(password) };
}

/** Percent-decodes a text. An invalid one stays as it is. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function headersOf(
  headers: HttpHeadersFile,
  { entriesOf, readText, problem }: Section,
): [name: string, value: string][] {
  return entriesOf(headers).flatMap(([name, { values = [], secrets = [], files = [] }]) => {
    const contents = files.flatMap((file, i) => {
      const read = readText(file);
      const text = 'text' in read ? read.text.trim() : '';
      if ('problem' in read) problem(['http_headers', name, 'files', i], read.problem);
      else if (!isHeaderValue(text)) {
        problem(
          ['http_headers', name, 'files', i],
          'file contains characters that an HTTP header cannot hold',
        );
      }
      return text;
    });
    return [...values, ...secrets, ...contents].map((value): [string, string] => [name, value]);
  });
}
