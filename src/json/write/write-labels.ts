// Writes the label set of a series as JSON.

import type { Labels } from '../../model/index.js';
import { BACKSLASH, CLOSE_BRACE, COLON, COMMA, OPEN_BRACE, QUOTE } from '../byte.js';

const METRIC_KEY = Buffer.from('{"metric":');

/** Upper bound on the bytes of one UTF-16 code unit, which is the length of an escape such as `\u001f`. */
export const MAX_UNIT_BYTES = 6;

/** Upper bound on the bytes that `writeLabels` writes, with a comma before and after them. */
export function maxLabelsBytes({ flat }: Labels): number {
  let bytes = METRIC_KEY.length + 8;
  for (const text of flat) bytes += text.length * MAX_UNIT_BYTES + 4;
  return bytes;
}

/** Writes `{"metric":{…}` and returns the index after it. */
export function writeLabels(block: Buffer, pos: number, labels: Labels): number {
  block.set(METRIC_KEY, pos);
  return writeLabelSet(block, pos + METRIC_KEY.length, labels);
}

/** Writes `{…}` and returns the index after it. */
export function writeLabelSet(block: Buffer, pos: number, labels: Labels): number {
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

/** Writes a string with its quotes and returns the index after it. */
export function writeString(block: Buffer, start: number, text: string): number {
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
