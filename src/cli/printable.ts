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

/** Same as `printable` for a text of several lines: line breaks, tabs and colors are kept. */
export function printableLines(text: string): string {
  return text.replace(/\p{Cc}\[[0-9;]*m|[\p{Cc}\p{Cf}\u2028\u2029]/gu, (part) =>
    part === '\n' || part === '\t' || part.startsWith('\u001b[') ? part : printable(part),
  );
}

/** The number of characters on a terminal. Each is assumed to be one column wide. */
export function width(text: string): number {
  return Array.from(text).length;
}
