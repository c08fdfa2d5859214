// Upper, lower and title case. Source: Go, strings (`ToUpper`, `ToLower`) and golang.org/x/text/cases.

/** Maps characters one to one: a character without a single counterpart is kept. */
function mapChars(text: string, map: (char: string) => string): string {
  let mapped = '';
  for (const char of text) {
    const next = map(char);
    const isOne = next.length === String.fromCodePoint(next.codePointAt(0)!).length;
    mapped += isOne ? next : char;
  }
  return mapped;
}

export function toUpper(text: string): string {
  return mapChars(text, (char) => char.toUpperCase());
}

export function toLower(text: string): string {
  // U+0130 has a lower case of two characters in JavaScript.
  return mapChars(text, (char) => (char === '\u0130' ? 'i' : char.toLowerCase()));
}

const words = new Intl.Segmenter('en', { granularity: 'word' });

/** Capitalizes the first letter of each word and keeps the others. */
export function toTitle(text: string): string {
  let title = '';
  for (const { segment } of words.segment(text)) title += capitalize(segment);
  return title;
}

/** Letters that stand for two have a title case of their own: `ǆ` becomes `ǅ`. */
const TITLE_CASE = new Map([
  ['\u01c4', '\u01c5'],
  ['\u01c6', '\u01c5'],
  ['\u01c7', '\u01c8'],
  ['\u01c9', '\u01c8'],
  ['\u01ca', '\u01cb'],
  ['\u01cc', '\u01cb'],
  ['\u01f1', '\u01f2'],
  ['\u01f3', '\u01f2'],
]);

function capitalize(word: string): string {
  const match = /\p{Cased}/u.exec(word);
  if (match === null) return word;
  const [letter] = match;
  const upper = letter.toUpperCase();
  // `ß` becomes `Ss`.
  const first = String.fromCodePoint(upper.codePointAt(0)!);
  const capital = TITLE_CASE.get(letter) ?? first + upper.slice(first.length).toLowerCase();
  return word.slice(0, match.index) + capital + word.slice(match.index + letter.length);
}
