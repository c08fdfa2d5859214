// Templates for the capture groups of a regex, in Go's syntax.

/** A part of a template: literal text, or a reference to a capture group by index or name. */
export type ExpansionPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'name'; readonly name: string };

/** The name in a reference. */
const WORD = /^[\p{L}\p{Nd}_]+/u;

/** Upper bound on group indices in Go, exclusive. Larger numbers are names. */
const MAX_INDEX = 100_000_000;

/**
 * Splits a template into its parts.
 *
 * - `$name` takes the longest run of letters, digits and underscores: `$1x` refers to the group named `1x`.
 * - `${name}` ends at the brace.
 * - `$$` is a dollar sign, as is a `$` before anything else.
 *
 * Source: Go, regexp (`Regexp.Expand`, `extract`).
 */
export function parseExpansion(template: string): ExpansionPart[] {
  const parts: ExpansionPart[] = [];
  let text = '';
  let i = 0;
  while (i < template.length) {
    const dollar = template.indexOf('$', i);
    if (dollar < 0) break;
    text += template.slice(i, dollar);
    i = dollar + 1;
    if (template[i] === '$') {
      text += '$';
      i++;
      continue;
    }
    const braced = template[i] === '{';
    const word = WORD.exec(template.slice(braced ? i + 1 : i))?.[0];
    if (word === undefined || (braced && template[i + 1 + word.length] !== '}')) {
      text += '$';
      continue;
    }
    if (text !== '') parts.push({ kind: 'text', text });
    text = '';
    parts.push(reference(word));
    i += word.length + (braced ? 2 : 0);
  }
  text += template.slice(i);
  if (text !== '') parts.push({ kind: 'text', text });
  return parts;
}

/** Returns the reference for a name. Digits without a leading zero are an index. */
function reference(word: string): ExpansionPart {
  const isIndex = /^[0-9]+$/.test(word) && !(word.length > 1 && word.startsWith('0'));
  if (isIndex && Number(word) < MAX_INDEX) return { kind: 'index', index: Number(word) };
  return { kind: 'name', name: word };
}
