// Upper bounds on templates. Go has none of them: a rule file must not be able to stop a worker.

import { PromfedError } from '../../model/index.js';

/** Length of the source of a template, in UTF-16 units. */
export const MAX_SOURCE_CHARS = 256 * 1024;
/** Nesting of blocks and parentheses in the source. */
export const MAX_NESTING = 200;
/** Nesting of templates, blocks and parentheses during an expansion. */
export const MAX_DEPTH = 400;
/** Nodes evaluated by one expansion. Long strings count as more than one node. */
export const MAX_STEPS = 250_000;
/** Characters of one string for each step that it costs. */
export const CHARS_PER_STEP = 64;
/** Length of the result and of every string, in UTF-16 units. */
const MAX_TEXT_CHARS = 1024 * 1024;
/** Queries of one expansion. */
export const MAX_QUERIES = 100;

/** Throws when a text is longer than the limit. */
export function checkTextLength(length: number): void {
  if (length > MAX_TEXT_CHARS) {
    throw new PromfedError('limit', `template exceeds the limit of ${MAX_TEXT_CHARS} characters of output`);
  }
}
