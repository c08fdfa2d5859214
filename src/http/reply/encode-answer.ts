// Encodes the answer of a query as JSON, streamed or in one piece.

import type { QueryAnswer, QueryRequest } from '../../federation/index.js';
import {
  annotationMembers,
  type ByteStream,
  encodeBuffered,
  type EncodeOptions,
  encodeValue,
  GeneratedStream,
  SUCCESS,
} from '../../json/index.js';

export interface AnswerOptions extends EncodeOptions {
  /** Default `counters`: the answer has no member `stats`. */
  readonly stats?: QueryRequest['stats'];
}

/**
 * Encodes an answer in Prometheus' envelope as a stream: the series, then the warnings and infos, which are complete only
 * after the last series. Fails when the series fail. Takes ownership of `answer`, which is released when the stream ends,
 * fails or is closed.
 */
export function encodeAnswer(answer: QueryAnswer, options: AnswerOptions): ByteStream {
  const close = (): void => {
    if (answer.kind === 'bytes') answer.series.close();
    answer.release();
  };
  return new GeneratedStream([{ close }], encode(answer, options));
}

async function* encode(
  answer: QueryAnswer,
  options: AnswerOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (answer.kind === 'bytes') {
    yield Buffer.from(envelopeHead(answer.resultType));
    for (;;) {
      const chunk = await answer.series.next();
      if (chunk === undefined) break;
      yield chunk;
    }
    yield Buffer.from(`]${membersAfterResult(answer, options)}`);
  } else {
    yield* encodeValue(answer.value, options, answer.annotations, SUCCESS);
    yield Buffer.from(membersAfterResult(answer, options));
  }
}

/**
 * Encodes a buffered answer in one piece, with the bytes of `encodeAnswer`, and releases it. Returns undefined for other
 * answers, which are not released.
 */
export function tryEncodeBuffered(answer: QueryAnswer, options: AnswerOptions): Buffer | undefined {
  if (answer.kind !== 'bytes' || answer.buffered === undefined) return undefined;
  const { resultType, buffered } = answer;
  answer.release();
  return encodeBuffered(buffered, envelopeHead(resultType), `]${membersAfterResult(answer, options)}`);
}

function envelopeHead(resultType: string): string {
  return `${SUCCESS}{"resultType":"${resultType}","result":[`;
}

/** The rest of the envelope: the statistics when they are requested, the end of `data`, warnings and infos. */
function membersAfterResult({ stats, annotations }: QueryAnswer, options: AnswerOptions): string {
  const isRequested = options.stats !== undefined && options.stats !== 'counters';
  return `${isRequested ? `,"stats":${JSON.stringify(stats.read())}` : ''}}${annotationMembers(annotations)}}`;
}
