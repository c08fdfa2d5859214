// Writes frames as the elements of a `result` array.

import type { Labels } from '../model/index.js';
import type { FrameStream, ResponseTail, SeriesFrame } from './frame.js';
import { ClosableStream, settlesSoon } from './frame-stream.js';
import { BACKSLASH, CLOSE_BRACE, COLON, COMMA, OPEN_BRACE, QUOTE } from './byte.js';

/** The size of a block of output. */
const BLOCK_BYTES = 64 << 10;
/** Samples of so many bytes and more are handed on as they are; copying smaller ones is cheaper than a write each. */
const MIN_UNCOPIED_BYTES = 64 << 10;

const METRIC_KEY = Buffer.from('{"metric":');
/** The most bytes that one UTF-16 code unit takes: as `\u00xx`. */
const MAX_UNIT_BYTES = 6;

/**
 * `{"metric":{…},"values":[…]}` for each frame, joined by commas, without the brackets around: nothing at all for a
 * stream without series. Returns the stream's tail. Takes `frames` over.
 *
 * Comes in blocks of about 64 KiB that the caller owns; samples that are larger than that may be blocks of their own,
 * which are the upstream's bytes. When no more frames are at hand, what there is leaves without waiting for more.
 */
export function encodeFrames(frames: FrameStream): AsyncGenerator<Uint8Array, ResponseTail, undefined> {
  return new ClosableStream([frames], encode(frames));
}

async function* encode(frames: FrameStream): AsyncGenerator<Uint8Array, ResponseTail, undefined> {
  const writer = new BlockWriter();
  let pending = frames.next();
  for (;;) {
    if (writer.length > 0 && !(await settlesSoon(pending))) yield writer.flush();
    const result = await pending;
    if (result.done === true) {
      if (writer.length > 0) yield writer.flush();
      return result.value;
    }
    for (const frame of result.value) {
      writer.writeFrame(frame);
      while (writer.full.length > 0) yield writer.full.shift()!;
    }
    pending = frames.next();
    // It is awaited above, but not before the consumer took what was yielded meanwhile.
    pending.catch(() => undefined);
  }
}

/** Fills blocks; those that are full wait in `full`. */
class BlockWriter {
  readonly full: Uint8Array[] = [];
  #block = Buffer.alloc(0);
  #used = 0;
  #first = true;

  /** How many bytes are in the block that is not full yet. */
  get length(): number {
    return this.#used;
  }

  writeFrame({ labels, samples }: SeriesFrame): void {
    this.#reserve(labels);
    if (!this.#first) this.#block[this.#used++] = COMMA;
    this.#first = false;
    this.#used = writeLabels(this.#block, this.#used, labels);
    // Room for these and the closing brace was reserved.
    if (samples.length > 0) this.#block[this.#used++] = COMMA;
    if (samples.length >= MIN_UNCOPIED_BYTES) {
      this.full.push(this.flush(), samples);
    } else {
      this.#copy(samples);
    }
    if (this.#used === this.#block.length) this.#newBlock(BLOCK_BYTES);
    this.#block[this.#used++] = CLOSE_BRACE;
  }

  /** The block that is not full yet; the caller owns it. */
  flush(): Uint8Array {
    const block = this.#block.subarray(0, this.#used);
    this.#block = this.#block.subarray(this.#used);
    this.#used = 0;
    return block;
  }

  #copy(samples: Uint8Array): void {
    const room = this.#block.length - this.#used;
    if (samples.length <= room) {
      this.#block.set(samples, this.#used);
      this.#used += samples.length;
      return;
    }
    this.#block.set(samples.subarray(0, room), this.#used);
    this.#used += room;
    this.#newBlock(BLOCK_BYTES);
    this.#block.set(samples.subarray(room), 0);
    this.#used = samples.length - room;
  }

  /** Makes room for all that stands before the samples. */
  #reserve(labels: Labels): void {
    let needed = METRIC_KEY.length + 8;
    for (const text of labels.flat) needed += text.length * MAX_UNIT_BYTES + 4;
    if (this.#used + needed > this.#block.length) this.#newBlock(Math.max(BLOCK_BYTES, needed));
  }

  #newBlock(size: number): void {
    if (this.#used > 0) this.full.push(this.flush());
    this.#block = Buffer.allocUnsafeSlow(size);
  }
}

/** Writes `{"metric":{…}`; returns the index after it. */
function writeLabels(block: Buffer, pos: number, labels: Labels): number {
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
