// Prepares texts of upstreams for messages: short, on one line, without control characters.

import { cutText, detached } from '../../model/index.js';

/** Control characters, format characters such as bidirectional overrides, and line separators. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
const TAGS = /<[^<>]*>/g;
const TITLE = /<title[^<>]*>([^<]*)/i;

/** Returns the text with each unprintable character replaced by a space, cut to `maxChars`. */
export function printable(text: string, maxChars: number): string {
  return detached(cutText(text.slice(0, maxChars + 1).replace(UNPRINTABLE, ' '), maxChars).trim());
}

/**
 * Returns the text on one line, with runs of white space as one space, cut to `maxChars`. An HTML page is reduced to its
 * title, or to its text without a title.
 */
export function excerpt(text: string, maxChars: number): string {
  const title = TITLE.exec(text)?.[1];
  const words = title ?? (/^\s*</.test(text) ? text.replace(TAGS, ' ') : text);
  return detached(cutText(words.replace(UNPRINTABLE, ' ').replace(/\s+/g, ' ').trim(), maxChars));
}
