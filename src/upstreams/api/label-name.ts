// Label names in a URL's path, where Prometheus 3 wants odd ones escaped.

const CLASSIC = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const PREFIX = 'U__';

/**
 * A label name as a path segment of `/api/v1/label/NAME/values`: classic names as they are, every other one in
 * Prometheus' "values" escaping, which needs no percent-encoding: `U__` before it, `_` doubled, and each other
 * character as its code point in hexadecimal between underscores. A classic name that begins with `U__` is escaped
 * too, for it would be unescaped at the other end.
 *
 * Source: prometheus/common, model/metric.go (`EscapeName`, `UnescapeName`).
 */
export function escapeLabelName(name: string): string {
  if (CLASSIC.test(name) && !name.startsWith(PREFIX)) return name;
  let escaped = PREFIX;
  for (const character of name) {
    if (character === '_') {
      escaped += '__';
    } else if (/^[a-zA-Z0-9:]$/.test(character)) {
      escaped += character;
    } else {
      const codePoint = character.codePointAt(0)!;
      const isSurrogate = codePoint >= 0xd800 && codePoint <= 0xdfff;
      escaped += `_${(isSurrogate ? 0xfffd : codePoint).toString(16)}_`;
    }
  }
  return escaped;
}
