// The warnings and infos of one answer that are passed on: a region may send any number of them.

/** Limits of the texts of one answer: their number, and the UTF-16 units of one and of all. */
const MAX_TEXTS = 100;
const MAX_TEXT_CHARS = 4096;
const MAX_TEXTS_CHARS = 64 << 10;

/**
 * Returns the texts within the limits, and a line that counts the omitted ones.
 *
 * @param print returns the text of a value, cut after a number of UTF-16 units and an ellipsis.
 * @param member name of the member of the answer.
 */
export function keptTexts(
  values: readonly unknown[],
  member: 'warnings' | 'infos',
  print: (value: unknown, maxChars: number) => string,
): string[] {
  const kept: string[] = [];
  let leftChars = MAX_TEXTS_CHARS;
  for (const value of values.slice(0, MAX_TEXTS)) {
    if (leftChars <= 0) break;
    const text = print(value, Math.min(leftChars, MAX_TEXT_CHARS));
    kept.push(text);
    leftChars -= text.length;
  }
  const omitted = values.length - kept.length;
  return omitted === 0 ? kept : [...kept, `${omitted} more ${member} of a region omitted`];
}
