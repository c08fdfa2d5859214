// Writes frames as the elements of a `result` array.

import { settlesSoon } from '../../runtime/index.js';
import type { SeriesFrame } from '../frame.js';
import type { FrameStream } from '../stream/frame-stream.js';
import { type ByteStream, GeneratedStream } from '../stream/pull-stream.js';
import { CLOSE_BRACE, COMMA } from '../byte.js';
import { BlockWriter } from './block-writer.js';
import { maxLabelsBytes, MAX_UNIT_BYTES, writeLabels } from './write-labels.js';

/** Minimum size of samples that are not copied. Copying smaller ones costs less than a write for each. */
const MIN_UNCOPIED_BYTES = 64 << 10;

const NOTHING = new Uint8Array(0);

/**
 * Returns `{"metric":{…},"values":[…]}` for each frame, joined by commas, without brackets around them. Takes ownership
 * of `frames`.
 *
 * Blocks have up to 256 KiB. Larger samples are blocks of their own, in the upstream's memory. A block is returned
 * before it is full when the next frames have not arrived yet.
 *
 * @param onBatch called with each batch before it is encoded.
 */
export function encodeFrames(
  frames: FrameStream,
  onBatch: (batch: readonly SeriesFrame[]) => void = ignore,
): ByteStream {
  return new GeneratedStream([frames], encode(frames, onBatch));
}

const ignore = (): void => undefined;

async function* encode(
  frames: FrameStream,
  onBatch: (batch: readonly SeriesFrame[]) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  const block = new BlockWriter();
  let isFirst = true;
  let pending = frames.next();
  for (;;) {
    if (block.length > 0 && !(await settlesSoon(pending))) yield block.flush();
    const batch = await pending;
    if (batch === undefined) {
      if (block.length > 0) yield block.flush();
      return;
    }
    onBatch(batch);
    for (const { labels, samples } of batch) {
      while (!block.fits(maxLabelsBytes(labels))) yield block.flush();
      if (!isFirst) block.byte(COMMA);
      isFirst = false;
      block.labels(labels);
      if (samples.length > 0) block.byte(COMMA);
      let rest = samples;
      if (!block.fits(samples.length + 1)) {
        const isCopied = samples.length < MIN_UNCOPIED_BYTES;
        rest = isCopied ? block.copyPart(samples) : NOTHING;
        yield block.flush();
        if (!isCopied) yield samples;
        block.fits(rest.length + 1);
      }
      block.copy(rest);
      block.byte(CLOSE_BRACE);
    }
    pending = frames.next();
    // The loop awaits it, but possibly long after it has rejected: the reader takes the filled blocks first.
    pending.catch(() => undefined);
  }
}

/** Memory that a buffered answer is written to first, because its length is not known before. */
let scratch = Buffer.allocUnsafeSlow(16 << 10);

/** Maximum size of scratch memory that is kept. Larger buffered answers are rare. */
const MAX_SCRATCH_BYTES = 1 << 20;

/** Returns `prefix`, the frames as `encodeFrames` writes them, and `suffix`, in new memory. */
export function encodeBuffered(frames: readonly SeriesFrame[], prefix: string, suffix: string): Buffer {
  let bytes = (prefix.length + suffix.length) * MAX_UNIT_BYTES;
  for (const { labels, samples } of frames) bytes += maxLabelsBytes(labels) + samples.length + 3;
  let block = scratch;
  if (bytes > block.length) {
    block = Buffer.allocUnsafeSlow(bytes);
    if (bytes <= MAX_SCRATCH_BYTES) scratch = block;
  }
  let used = block.write(prefix, 0);
  let first = true;
  for (const { labels, samples } of frames) {
    if (!first) block[used++] = COMMA;
    first = false;
    used = writeLabels(block, used, labels);
    if (samples.length > 0) block[used++] = COMMA;
    block.set(samples, used);
    used += samples.length;
    block[used++] = CLOSE_BRACE;
  }
  used += block.write(suffix, used);
  return Buffer.from(block.subarray(0, used));
}
