// Frame streams for tests: bodies cut into chunks, frames made by hand, and streams read to their end.

import {
  type ByteStream,
  EMPTY_TRAILER,
  type FrameStream,
  GeneratedStream,
  openResponse,
  type PullStream,
  type ResponseTrailer,
  type SeriesFrame,
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

/** A stream whose use a test can observe. */
export interface ObservedStream {
  readonly stream: FrameStream;
  /** Number of batches that were requested. */
  requested: number;
  closed: boolean;
}

/** A stream of batches. An Error in place of a batch is thrown. */
export function observedStream(
  batches: readonly (readonly SeriesFrame[] | Error)[],
  trailer: Partial<ResponseTrailer> = {},
): ObservedStream {
  const rest = [...batches];
  const observed: ObservedStream = {
    stream: {
      trailer: { ...EMPTY_TRAILER, ...trailer },
      async next() {
        if (observed.closed) return undefined;
        const batch = rest.shift();
        if (batch !== undefined) observed.requested++;
        await Promise.resolve();
        if (batch instanceof Error) throw batch;
        return batch;
      },
      close() {
        observed.closed = true;
      },
    },
    requested: 0,
    closed: false,
  };
  return observed;
}

/** A stream of batches. */
export function streamOf(...batches: readonly (readonly SeriesFrame[])[]): FrameStream {
  return observedStream(batches).stream;
}

/** A stream that sends nothing until it is closed. */
export class StalledStream implements FrameStream {
  readonly trailer = EMPTY_TRAILER;
  closed = false;
  #wake: ((end: undefined) => void) | undefined;

  next(): Promise<undefined> {
    if (this.closed) return Promise.resolve(undefined);
    return new Promise((resolve) => (this.#wake = resolve));
  }

  close(): void {
    this.closed = true;
    this.#wake?.(undefined);
  }
}

/** The chunks that a generator function yields, as a stream. */
export function chunksFrom(generate: () => AsyncGenerator<Uint8Array, void, undefined>): ByteStream {
  return new GeneratedStream([], generate());
}

/** The items of a stream, for `for await`. Leaving the loop closes the stream. */
export async function* itemsOf<T>(stream: PullStream<T>): AsyncGenerator<T, void, undefined> {
  try {
    for (;;) {
      const item = await stream.next();
      if (item === undefined) return;
      yield item;
    }
  } finally {
    stream.close();
  }
}

/** All frames of a stream, as plain text, and its trailer. */
export async function drain(
  stream: FrameStream,
): Promise<{ series: { metric: Record<string, string>; samples: string }[]; trailer: ResponseTrailer }> {
  const series: { metric: Record<string, string>; samples: string }[] = [];
  for await (const batch of itemsOf(stream)) {
    for (const { labels, samples } of batch) {
      series.push({ metric: labels.toJSON(), samples: Buffer.from(samples).toString() });
    }
  }
  return { series, trailer: stream.trailer };
}

/** A body in chunks that end at the given offsets. */
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

/** An answer that is read to its end: its type, series and trailer. */
export async function readAnswer(
  body: AsyncIterable<Uint8Array>,
  options = {},
): Promise<{ resultType: string } & Awaited<ReturnType<typeof drain>>> {
  const { resultType, frames } = await openResponse(body, options);
  return { resultType, ...(await drain(frames)) };
}

/** Reads a stream to its end into one buffer. */
export async function readBytes(stream: ByteStream): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for (;;) {
    const chunk = await stream.next();
    if (chunk === undefined) return Buffer.concat(chunks);
    chunks.push(Buffer.from(chunk));
  }
}
