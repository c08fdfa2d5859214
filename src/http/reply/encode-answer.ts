// Answers as JSON: streamed, never built as a whole.

import type { QueryAnswer } from '../../federation/index.js';
import {
  annotationMembers,
  type ByteStream,
  encodeBuffered,
  type EncodeOptions,
  encodeValue,
  GeneratedStream,
  SUCCESS,
} from '../../json/index.js';

export type { EncodeOptions } from '../../json/index.js';

/**
 * The body of a query's answer in Prometheus' envelope, in chunks: the series first, then warnings and infos, which
 * are complete only when the series are. Ends early with an error when the series do.
 * Takes ownership of `answer`, which is released when the stream ends, fails or is closed.
 */
export function encodeAnswer(answer: QueryAnswer, options: EncodeOptions): ByteStream {
  const close = (): void => {
    if (answer.kind === 'bytes') answer.series.close();
    answer.release();
  };
  return new GeneratedStream([{ close }], encode(answer, options));
}

async function* encode(
  answer: QueryAnswer,
  options: EncodeOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (answer.kind === 'bytes') {
    yield Buffer.from(bytesHead(answer.resultType));
    for (;;) {
      const chunk = await answer.series.next();
      if (chunk === undefined) break;
      yield chunk;
    }
    yield Buffer.from(']}');
  } else {
    yield* encodeValue(answer.value, options, answer.annotations, SUCCESS);
  }
  yield Buffer.from(`${annotationMembers(answer.annotations)}}`);
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
