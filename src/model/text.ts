// Texts that outlive the answers that they come from.

/**
 * Returns a text in memory of its own. V8 represents a part of a text as a reference to the whole one, which it keeps: the
 * first words of an answer of a megabyte keep the megabyte.
 */
export function detached(text: string): string {
  return Buffer.from(text).toString();
}

/** Cuts a text to a number of UTF-16 units and an ellipsis, in memory of its own. Shorter texts are returned unchanged. */
export function cutText(text: string, maxChars: number): string {
  return text.length <= maxChars ? text : detached(`${text.slice(0, maxChars)}…`);
}
