// Streams for the tests of src/merge: bodies cut into chunks, frames made by hand, and streams read to their end.

import {
  type FrameStream,
  type ResponseTrailer,
  type SeriesFrame,
  openResponse,
} from '../../src/json/index.js';
import { Labels } from '../../src/model/index.js';

/** A frame of labels and the text of its samples. */
export function frame(labels: Record<string, string>, samples: string): SeriesFrame {
  return { labels: Labels.from(labels), samples: Buffer.from(samples) };
}

/** `"values":[…]` of pairs of seconds and text. */
export function values(...samples: readonly (readonly [number, string])[]): string {
  return `"values":${JSON.stringify(samples)}`;
}

/** What a test can watch of a stream that it made. */
export interface Watched {
  readonly stream: FrameStream;
  /** Batches that were asked for. */
  asked: number;
  closed: boolean;
}

/** A stream of batches; an Error in their place is thrown. */
export function watch(
  batches: readonly (readonly SeriesFrame[] | Error)[],
  tail: Partial<ResponseTrailer> = {},
): Watched {
  async function* generate(): FrameStream {
    try {
      for (const batch of batches) {
        watched.asked++;
        await Promise.resolve();
        if (batch instanceof Error) throw batch;
        yield batch;
      }
      return { warnings: [], infos: [], isPartial: false, ...tail };
    } finally {
      watched.closed = true;
    }
  }
  const watched: Watched = { stream: generate(), asked: 0, closed: false };
  return watched;
}

/** A stream of batches. */
export function streamOf(...batches: readonly (readonly SeriesFrame[])[]): FrameStream {
  return watch(batches).stream;
}

/** All frames of a stream, as plain text, and its tail. */
export async function drain(
  stream: FrameStream,
): Promise<{ series: { metric: Record<string, string>; samples: string }[]; tail: ResponseTrailer }> {
  const series: { metric: Record<string, string>; samples: string }[] = [];
  for (;;) {
    const result = await stream.next();
    if (result.done === true) return { series, tail: result.value };
    for (const { labels, samples } of result.value) {
      series.push({ metric: labels.toJSON(), samples: Buffer.from(samples).toString() });
    }
  }
}

/** A body in chunks that end at the given places. */
export async function* bodyOf(text: string | Buffer, ...cuts: readonly number[]): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text);
  let from = 0;
  for (const cut of [...cuts, bytes.length]) {
    yield bytes.subarray(from, cut);
    from = cut;
  }
}

/** A body in chunks of equal size. */
export async function* chunksOf(text: string | Buffer, size: number): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text);
  for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size);
}

/** An answer that is read to its end: its type, series and tail. */
export async function readAnswer(
  body: AsyncIterable<Uint8Array>,
  options = {},
): Promise<{ resultType: string } & Awaited<ReturnType<typeof drain>>> {
  const { resultType, frames } = await openResponse(body, options);
  return { resultType, ...(await drain(frames)) };
}
