// Answers as JSON: streamed, never built as a whole.

import type { QueryAnswer } from '../../federation/index.js';
import {
  annotationMembers,
  encodeBuffered,
  type EncodeOptions,
  encodeValue,
  SUCCESS,
} from '../../json/index.js';

export type { EncodeOptions } from '../../json/index.js';

/**
 * The body of a query's answer in Prometheus' envelope, in chunks: the series first, then warnings and infos, which
 * are complete only when the series are. Ends early with an error when the series do.
 *
 * A chunk belongs to the caller until the next `next()`: its memory is used again.
 */
export async function* encodeAnswer(
  answer: QueryAnswer,
  options: EncodeOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    if (answer.kind === 'bytes') {
      yield Buffer.from(bytesHead(answer.resultType));
      yield* answer.series;
      yield Buffer.from(']}');
    } else {
      yield* encodeValue(answer.value, options, answer.annotations, SUCCESS);
    }
    yield Buffer.from(`${annotationMembers(answer.annotations)}}`);
  } finally {
    answer.release();
  }
}

/**
 * What `encodeAnswer` gives, in one piece, of an answer that is there as a whole; undefined of others. With it, the
 * answer is released.
 */
export function tryEncodeBuffered(answer: QueryAnswer): Buffer | undefined {
  if (answer.kind !== 'bytes' || answer.buffered === undefined) return undefined;
  const { resultType, buffered: whole, annotations } = answer;
  answer.release();
  return encodeBuffered(whole, bytesHead(resultType), `]}${annotationMembers(annotations)}}`);
}

function bytesHead(resultType: string): string {
  return `${SUCCESS}{"resultType":"${resultType}","result":[`;
}
