// An explanation of the API, read from its envelope, and as text.

import { printable } from './printable.js';
import { foreign, isObject, readEnvelope } from './read-answer.js';

export interface Explanation {
  readonly text: string;
  /** Why the query, when it was run, has no answer. */
  readonly failure: string | undefined;
}

/** @throws PromfedError the error that the envelope holds, or that it is no explanation. */
export function readExplanation(body: string): Explanation {
  const { text, analysis } = readEnvelope(body).data;
  if (typeof text !== 'string') throw foreign();
  const error = isObject(analysis) && isObject(analysis['error']) ? analysis['error']['error'] : undefined;
  return { text, failure: typeof error === 'string' ? error : undefined };
}

/** Its lines, each ending in a line break. */
export function renderExplanation({ text }: Explanation): string {
  return text
    .split('\n')
    .map((line) => `${printable(line)}\n`)
    .join('');
}
