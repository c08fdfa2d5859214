// Reads one sample in any form that JSON allows.

import { BACKSLASH, CLOSE_BRACKET, COMMA, isSpace, OPEN_BRACKET, QUOTE, skipSpace } from '../byte.js';
import { tryFloatText } from '../number/float-text.js';
import { invalidAnswer } from '../read/upstream-answer-error.js';

const NUMBER = /^-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;
/** The largest timestamp, in seconds. The milliseconds of a larger one would not be exact. */
export const MAX_SECONDS = 1e12;
/** Maximum length of the text of a timestamp. */
const MAX_TIME_BYTES = 64;
/** Maximum length of the text of a value. No double needs more digits to be distinguished from its neighbours. */
const MAX_VALUE_BYTES = 1100;

/** Reads one sample after the other. The fields hold the latest. */
export class GeneralSample {
  /** Milliseconds since the epoch. */
  timeMs = 0;
  value = 0;

  /**
   * Reads the sample at `start` and returns the index after it.
   *
   * @throws PromfedError `upstream` when it is malformed.
   */
  read(bytes: Uint8Array, start: number): number {
    const end = bytes.length;
    if (bytes[start] !== OPEN_BRACKET) throw malformedSamples();
    const timeStart = skipSpace(bytes, start + 1, end);
    let pos = timeStart;
    while (pos < end && bytes[pos] !== COMMA && !isSpace(bytes[pos]!)) pos++;
    const timeText = latin1(bytes, timeStart, Math.min(pos, timeStart + MAX_TIME_BYTES));
    const seconds = NUMBER.test(timeText) ? Number(timeText) : NaN;
    if (!(Math.abs(seconds) <= MAX_SECONDS)) throw malformedSamples();
    this.timeMs = Math.round(seconds * 1000);
    pos = skipSpace(bytes, pos, end);
    if (bytes[pos] !== COMMA) throw malformedSamples();
    pos = skipSpace(bytes, pos + 1, end);
    if (bytes[pos] !== QUOTE) throw malformedSamples();
    const textEnd = bytes.indexOf(QUOTE, pos + 1);
    if (textEnd < 0) throw malformedSamples();
    this.value = parseFloatText(bytes, pos + 1, textEnd);
    pos = skipSpace(bytes, textEnd + 1, end);
    if (bytes[pos] !== CLOSE_BRACKET) throw malformedSamples();
    return pos + 1;
  }
}

export function malformedSamples(): Error {
  return invalidAnswer('a series has malformed samples');
}

function parseFloatText(bytes: Uint8Array, start: number, end: number): number {
  if (end - start > MAX_VALUE_BYTES || bytes.subarray(start, end).includes(BACKSLASH)) {
    throw malformedSamples();
  }
  const value = tryFloatText(latin1(bytes, start, end));
  if (value === undefined) throw malformedSamples();
  return value;
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
}
