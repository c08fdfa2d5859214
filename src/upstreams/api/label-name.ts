// Label names in the path of a URL, where Prometheus 3 requires non-classic names to be escaped.

const CLASSIC = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const PREFIX = 'U__';

/**
 * Returns a label name as a path segment of `/api/v1/label/NAME/values`. Classic names are unchanged. Other names get
 * Prometheus' "values" escaping, which needs no percent-encoding: the prefix `U__`, `_` doubled, and each other
 * character as its hexadecimal code point between underscores. A classic name that begins with `U__` is escaped too,
 * because the server would unescape it.
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
