// Untrusted text on a terminal.

/**
 * Escapes control characters, line breaks and characters that change the direction of writing, so that no label can move
 * the cursor, break a column or hide other text.
 */
export function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
}

/** The number of characters on a terminal. Each is assumed to be one column wide. */
export function width(text: string): number {
  return Array.from(text).length;
}
