// Text of others on a terminal.

/**
 * The text with control characters, line breaks and what turns the direction of writing told by their code points,
 * so that no label can move the cursor, change a column or hide behind another text.
 */
export function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
}

/** How many characters a terminal shows, each taken for one column wide. */
export function width(text: string): number {
  return Array.from(text).length;
}
