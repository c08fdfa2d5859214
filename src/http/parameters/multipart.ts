// Forms in the format multipart/form-data.

import type { FormValues } from './url-encoded.js';

/**
 * Appends the fields of a form to `values`. Files are ignored. A malformed form has no fields.
 *
 * Source: Go, mime/multipart (`Reader.ReadForm`).
 *
 * @param contentType the header of the request, which contains the boundary.
 */
export function parseMultipart(body: Buffer, contentType: string, values: FormValues): void {
  const boundary = parameterOf(contentType, 'boundary');
  if (boundary === undefined || boundary === '') return;
  const fields: [name: string, value: string][] = [];
  for (const part of tryParts(body.toString('latin1'), boundary, values) ?? []) {
    const headerEnd = /\r?\n\r?\n/.exec(part);
    if (headerEnd === null) return;
    const disposition =
      /^content-disposition:(.*)$/im.exec(part.slice(0, headerEnd.index))?.[1]?.trim() ?? '';
    const name = parameterOf(disposition, 'name') ?? '';
    if (!/^form-data\s*(?:;|$)/i.test(disposition) || name === '') continue;
    if ((parameterOf(disposition, 'filename') ?? '') !== '') continue;
    fields.push([utf8(name), utf8(part.slice(headerEnd.index + headerEnd[0].length))]);
  }
  for (const [name, value] of fields) values.append(name, value);
}

/**
 * Returns the headers and the content of each part; undefined when the last boundary is missing, or when there are too many.
 *
 * @param values counts the parts.
 */
function tryParts(body: string, boundary: string, values: FormValues): readonly string[] | undefined {
  const line = new RegExp(
    `(?:^|\\r?\\n)--${boundary.replace(/[^A-Za-z0-9]/g, '\\$&')}(--)?[ \\t]*(?:\\r?\\n|$)`,
    'g',
  );
  const parts: string[] = [];
  let start = -1;
  for (let match = line.exec(body); match !== null; match = line.exec(body)) {
    if (start >= 0) {
      if (!values.tryCount()) return undefined;
      parts.push(body.slice(start, match.index));
    }
    if (match[1] !== undefined) return parts;
    start = line.lastIndex;
    // The end of this line may begin the next boundary, after a part without content.
    line.lastIndex = match.index + match[0].trimEnd().length;
  }
  return undefined;
}

/** Returns a parameter of a header, such as `name` of `form-data; name="x"`. */
function parameterOf(header: string, name: string): string | undefined {
  const match = new RegExp(`;\\s*${name}\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s;"]+))`, 'i').exec(header);
  return match === null ? undefined : (match[2] ?? match[1]!.replace(/\\(["\\])/g, '$1'));
}

function utf8(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8');
}
