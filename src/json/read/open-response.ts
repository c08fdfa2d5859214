// Opens the answer to a query: from the bytes of a response body to its result type and its series.

import type { ResultType } from '../frame.js';
import type { BufferedAnswer } from '../stream/buffered-answer.js';
import type { FrameStream } from '../stream/frame-stream.js';
import { type OpenResponseOptions, type ResponseBody, ResponseFrames } from './response-frames.js';

export interface OpenResponse {
  readonly resultType: ResultType;
  readonly frames: FrameStream;
  /**
   * Reads the whole body if it is complete within `maxBytes`, and returns its contents; `frames` is then over. Otherwise
   * returns undefined, and `frames` still returns all frames, or the error that occurred. To be called before `frames`
   * is read.
   */
  readonly tryBuffer: (maxBytes: number) => Promise<BufferedAnswer | undefined>;
}

/**
 * Reads the body of an answer to `/api/v1/query` or `/api/v1/query_range` until its result type is known, from its
 * `resultType` or from its first series.
 *
 * `frames.next()` reads one chunk, and up to 64 KiB of further chunks that have arrived. Frames point into the chunks,
 * which must not be written to. Only those chunks and one series that spans chunks are held at any time.
 *
 * @throws UpstreamAnswerError when the answer is an error envelope; PromfedError `upstream` when it is incomplete or
 *   violates the API, `limit` when a series is too large. Later violations are errors of `frames`. A PromfedError of
 *   the body is thrown unchanged.
 */
export async function openResponse(
  body: ResponseBody,
  options: OpenResponseOptions = {},
): Promise<OpenResponse> {
  const frames = new ResponseFrames(body, options);
  const resultType = await frames.open();
  return { resultType, frames, tryBuffer: (maxBytes) => frames.tryBuffer(maxBytes) };
}
