// Writes frames as the elements of a `result` array.

import type { Labels } from '../../model/index.js';
import type { FrameStream, ResponseTrailer, SeriesFrame } from '../frame.js';
import { ClosableStream, settlesSoon } from '../frame-stream.js';
import { BACKSLASH, CLOSE_BRACE, COLON, COMMA, OPEN_BRACE, QUOTE } from '../byte.js';

/** The first block is small: most answers are. */
const FIRST_BLOCK_BYTES = 16 << 10;
/** Every write to a socket costs, whatever its size; a larger block would no longer stay in a core's cache. */
const BLOCK_BYTES = 256 << 10;
/** Samples of so many bytes and more are handed on as they are; copying smaller ones is cheaper than a write each. */
const MIN_UNCOPIED_BYTES = 64 << 10;

const METRIC_KEY = Buffer.from('{"metric":');
/** The most bytes that one UTF-16 code unit takes: as `\u00xx`. */
const MAX_UNIT_BYTES = 6;

/**
 * `{"metric":{…},"values":[…]}` for each frame, joined by commas, without the brackets around: nothing at all for a
 * stream without series. Returns the stream's tail. Takes `frames` over.
 *
 * Comes in blocks of up to about 256 KiB; larger samples are blocks of their own, which are the upstream's bytes.
 * A block belongs to the caller until the next `next()`: its memory is used again. When no more frames are at hand,
 * what there is leaves without waiting for more.
 */
export function encodeFrames(frames: FrameStream): AsyncGenerator<Uint8Array, ResponseTrailer, undefined> {
  return new ClosableStream([frames], encode(frames));
}

async function* encode(frames: FrameStream): AsyncGenerator<Uint8Array, ResponseTrailer, undefined> {
  const writer = new BlockWriter();
  let pending = frames.next();
  for (;;) {
    if (writer.length > 0 && !(await settlesSoon(pending))) yield writer.flush();
    const result = await pending;
    if (result.done === true) {
      if (writer.length > 0) yield writer.flush();
      return result.value;
    }
    for (const { labels, samples } of result.value) {
      const bytes = maxHeadBytes(labels);
      if (bytes > writer.room && writer.length > 0) yield writer.flushFull();
      writer.writeHead(labels, bytes, samples.length > 0);
      let rest = samples;
      if (samples.length > writer.room) {
        if (samples.length < MIN_UNCOPIED_BYTES) rest = writer.writePart(samples);
        yield writer.flushFull();
        if (samples.length >= MIN_UNCOPIED_BYTES) {
          yield samples;
          rest = NOTHING;
        }
      }
      writer.writeEnd(rest);
    }
    pending = frames.next();
    // It is awaited above, but not before the consumer took what was yielded meanwhile.
    pending.catch(() => undefined);
  }
}

/** Whole answers are written here first: how long they are is only known then. */
let scratch = Buffer.allocUnsafeSlow(FIRST_BLOCK_BYTES);

/** A larger one is let go again: such answers are rare. */
const MAX_SCRATCH_BYTES = 1 << 20;

/** `head`, the frames as `encodeFrames` writes them, and `tail`, in memory of its own. */
export function encodeBuffered(frames: readonly SeriesFrame[], head: string, tail: string): Buffer {
  let bytes = (head.length + tail.length) * MAX_UNIT_BYTES;
  for (const { labels, samples } of frames) bytes += maxHeadBytes(labels) + samples.length + 3;
  let block = scratch;
  if (bytes > block.length) {
    block = Buffer.allocUnsafeSlow(bytes);
    if (bytes <= MAX_SCRATCH_BYTES) scratch = block;
  }
  let used = block.write(head, 0);
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
  used += block.write(tail, used);
  return Buffer.from(block.subarray(0, used));
}

const NOTHING = new Uint8Array(0);

/** Fills one block again and again. */
class BlockWriter {
  #block = Buffer.allocUnsafeSlow(FIRST_BLOCK_BYTES);
  #used = 0;
  #first = true;

  /** How many bytes are in the block. */
  get length(): number {
    return this.#used;
  }

  /** How many bytes of samples the block still takes: one is kept for the brace behind them. */
  get room(): number {
    return this.#block.length - this.#used - 1;
  }

  /** What stands before the samples, `bytes` at most; the block is empty or has room for them. */
  writeHead(labels: Labels, bytes: number, hasSamples: boolean): void {
    if (bytes > this.room) this.#block = Buffer.allocUnsafeSlow(Math.max(BLOCK_BYTES, bytes + 1));
    if (!this.#first) this.#block[this.#used++] = COMMA;
    this.#first = false;
    this.#used = writeLabels(this.#block, this.#used, labels);
    if (hasSamples) this.#block[this.#used++] = COMMA;
  }

  /** As much as there is room for; returns the rest. */
  writePart(samples: Uint8Array): Uint8Array {
    const room = this.room;
    this.#block.set(samples.subarray(0, room), this.#used);
    this.#used += room;
    return samples.subarray(room);
  }

  /** The samples, or the rest of them, and the brace that ends the series. */
  writeEnd(samples: Uint8Array): void {
    this.#block.set(samples, this.#used);
    this.#used += samples.length;
    this.#block[this.#used++] = CLOSE_BRACE;
  }

  /** What the block holds; it is written to again after the consumer is through with it. */
  flush(): Uint8Array {
    const filled = this.#block.subarray(0, this.#used);
    this.#used = 0;
    return filled;
  }

  /** As `flush`, with more to come: the next block has the full size. */
  flushFull(): Uint8Array {
    const filled = this.flush();
    if (this.#block.length < BLOCK_BYTES) this.#block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
    return filled;
  }
}

/** The most bytes that `writeLabels` takes, and a comma on either side of them. */
export function maxHeadBytes({ flat }: Labels): number {
  let bytes = METRIC_KEY.length + 8;
  for (const text of flat) bytes += text.length * MAX_UNIT_BYTES + 4;
  return bytes;
}

/** Writes `{"metric":{…}`; returns the index after it. */
export function writeLabels(block: Buffer, pos: number, labels: Labels): number {
  block.set(METRIC_KEY, pos);
  pos += METRIC_KEY.length;
  block[pos++] = OPEN_BRACE;
  const flat = labels.flat;
  for (let i = 0; i < flat.length; i += 2) {
    if (i > 0) block[pos++] = COMMA;
    pos = writeString(block, pos, flat[i]!);
    block[pos++] = COLON;
    pos = writeString(block, pos, flat[i + 1]!);
  }
  block[pos++] = CLOSE_BRACE;
  return pos;
}

function writeString(block: Buffer, start: number, text: string): number {
  let pos = start;
  block[pos++] = QUOTE;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x20 || unit >= 0x80 || unit === QUOTE || unit === BACKSLASH) {
      return start + block.write(JSON.stringify(text), start, 'utf8');
    }
    block[pos++] = unit;
  }
  block[pos++] = QUOTE;
  return pos;
}
