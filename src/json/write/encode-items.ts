// Writes metadata as JSON, item by item in blocks.

import type { Labels } from '../../model/index.js';
import type { Pacer } from '../../runtime/index.js';
import { COMMA } from '../byte.js';
import type { ByteStream, Closable } from '../stream/pull-stream.js';
import { GeneratedStream } from '../stream/pull-stream.js';
import { BlockWriter } from './block-writer.js';
import { maxLabelsBytes, MAX_UNIT_BYTES } from './write-labels.js';

/** Items of at least this size are written to memory of their own, so that no block grows. */
const MAX_COPIED_BYTES = 64 << 10;

/** Number of small items that are written between two checks of the pacer. */
const PACED_EACH = 256;

/** How items of one kind are written. */
export interface ItemWriter<T> {
  /** Returns an upper bound on the bytes of an item. */
  maxBytes(item: T): number;
  /** Writes an item of up to `maxBytes` bytes. */
  write(item: T, block: BlockWriter): void;
  /** Returns the same as text. */
  print(item: T): string;
}

export const STRING_ITEMS: ItemWriter<string> = {
  maxBytes: (text) => MAX_UNIT_BYTES * text.length + 2,
  write(text, block) {
    block.string(text);
  },
  print: (text) => JSON.stringify(text),
};

export const LABELS_ITEMS: ItemWriter<Labels> = {
  maxBytes: maxLabelsBytes,
  write(labels, block) {
    block.labelSet(labels);
  },
  print: (labels) => JSON.stringify(labels),
};

/** Items whose JSON is a text of its own. @param print returns it, without surrogates that have no pair. */
export function textItems<T>(print: (item: T) => string): ItemWriter<T> {
  // The text is not known before it is printed, so that every item has memory of its own.
  return { maxBytes: () => Infinity, write: () => undefined, print };
}

export interface ItemsOptions<T> {
  readonly writer: ItemWriter<T>;
  /** The text before the first item, and after the last one. */
  readonly prefix: string;
  readonly suffix: string;
  readonly pacer: Pacer;
}

/**
 * Returns the prefix, the items, joined by commas, and the suffix in blocks of up to 256 KiB.
 *
 * @param owner closed with the stream: when it was read to its end, failed, or was closed.
 */
export function encodeItems<T>(items: Iterable<T>, owner: Closable, options: ItemsOptions<T>): ByteStream {
  return new GeneratedStream([owner], encode(items, options));
}

/** Size of the blocks of `encodeTexts`, in UTF-16 units. */
const TEXT_BLOCK_CHARS = 64 << 10;

/**
 * Returns texts, one after the other, in blocks of about 64 KiB.
 *
 * @param owner closed with the stream.
 */
export function encodeTexts(texts: Iterable<string>, owner: Closable, pacer: Pacer): ByteStream {
  return new GeneratedStream([owner], joinTexts(texts, pacer));
}

async function* joinTexts(
  texts: Iterable<string>,
  pacer: Pacer,
): AsyncGenerator<Uint8Array, void, undefined> {
  let block = '';
  for (const text of texts) {
    if (pacer.due) await pacer.pause();
    block += text;
    if (block.length < TEXT_BLOCK_CHARS) continue;
    yield Buffer.from(block);
    block = '';
  }
  if (block !== '') yield Buffer.from(block);
}

async function* encode<T>(
  items: Iterable<T>,
  { writer, prefix, suffix, pacer }: ItemsOptions<T>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const block = new BlockWriter();
  block.fits(prefix.length);
  block.text(prefix);
  let count = 0;
  for (const item of items) {
    const maxBytes = writer.maxBytes(item) + 1;
    const isLarge = maxBytes > MAX_COPIED_BYTES;
    if ((isLarge || count % PACED_EACH === 0) && pacer.due) await pacer.pause();
    if (!isLarge) {
      while (!block.fits(maxBytes)) yield block.flush();
      if (count > 0) block.byte(COMMA);
      writer.write(item, block);
    } else {
      let rest: Uint8Array = Buffer.from(`${count > 0 ? ',' : ''}${writer.print(item)}`);
      while (!block.fits(Math.min(rest.length, MAX_COPIED_BYTES))) {
        rest = block.copyPart(rest);
        yield block.flush();
      }
      if (rest.length <= MAX_COPIED_BYTES) {
        block.copy(rest);
      } else {
        if (block.length > 0) yield block.flush();
        yield rest;
      }
    }
    count++;
  }
  const end = Buffer.from(suffix);
  while (!block.fits(end.length)) yield block.flush();
  block.copy(end);
  yield block.flush();
}
